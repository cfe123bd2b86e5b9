#include "session/message_blocks.hpp"

#include <new>

namespace holdfast::session {

// While pieces are taken from it, a block counts as many users as it can have, so that taking one costs no
// atomic operation; closing it takes off what nobody took.
class MessageBlocks::Block {
 public:
  static constexpr std::uint32_t users_max = block_size;

  std::atomic<std::uint32_t> users{users_max};
};

namespace {
constexpr std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + MessageBlocks::alignment - 1) / MessageBlocks::alignment * MessageBlocks::alignment;
}
}  // namespace

MessageBlocks::Piece MessageBlocks::take(std::size_t bytes) {
  const std::size_t size = aligned(bytes);
  if (block_ == nullptr || used_ + size > block_size) {
    close();
    block_ = new (::operator new(block_size)) Block;
    used_ = aligned(sizeof(Block));
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
  block->~Block();
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
