#include "session/message_blocks.hpp"

#include <new>

namespace holdfast::session {

// While pieces are taken from it, a block counts as many users as it can have, so that taking one costs no
// atomic operation; closing it takes off what nobody took.
class MessageBlocks::Block {
 public:
  static constexpr std::uint32_t users_max = 1U << 31;

  static Block* make(std::size_t bytes, std::uint32_t users, LargeMemory& large) {
    const bool is_large = bytes >= LargeMemory::piece_min;
    return new (is_large ? large.take(bytes) : ::operator new(bytes)) Block(users, is_large);
  }
  Block(std::uint32_t first_users, bool large) : users(first_users), is_large(large) {}

  std::atomic<std::uint32_t> users;
  const bool is_large;  // Of a LargeMemory.
};

namespace {
constexpr std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + MessageBlocks::alignment - 1) / MessageBlocks::alignment * MessageBlocks::alignment;
}
}  // namespace

MessageBlocks::Piece MessageBlocks::take(std::size_t bytes, LargeMemory& large) {
  constexpr std::size_t front = aligned(sizeof(Block));
  const std::size_t size = aligned(bytes);
  if (bytes > piece_max_) {
    Block* own = Block::make(front + size, 1, large);
    return {reinterpret_cast<std::byte*>(own) + front, own};
  }
  if (block_ == nullptr || used_ + size > block_size_) {
    close();
    block_ = Block::make(block_size_, Block::users_max, large);
    used_ = front;
    taken_ = 0;
  }
  void* memory = reinterpret_cast<std::byte*>(block_) + used_;
  used_ += size;
  ++taken_;
  return {memory, block_};
}

namespace {
template <class Block>
void drop(Block* block, std::uint32_t users) noexcept {
  if (block->users.fetch_sub(users, std::memory_order_acq_rel) != users) return;
  const bool is_large = block->is_large;
  block->~Block();
  if (is_large) return LargeMemory::release(block);
  ::operator delete(static_cast<void*>(block));
}
}  // namespace

void MessageBlocks::release(Block* block) noexcept {
  drop(block, 1);
}

void MessageBlocks::close() noexcept {
  if (block_ != nullptr) drop(block_, Block::users_max - taken_);
  block_ = nullptr;
}

}  // namespace holdfast::session
