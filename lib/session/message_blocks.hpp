// Memory for received messages, many to a block.
//
// One thread takes the memory and others give it back, message by message. With an allocation for each, the
// two would contend for the allocator's lock the whole time: that costs several times what everything else
// costs.
//
// A block lives until its last message is gone, so a message that is kept keeps up to block_size bytes of
// others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace holdfast::session {

class MessageBlocks {
 public:
  class Block;
  struct Piece {
    void* memory;
    Block* block;  ///< For release().
  };

  /// With what the allocator adds, a page.
  static constexpr std::size_t block_size = 4080;
  static constexpr std::size_t alignment = 8;
  /// Larger pieces waste too much of a block, and are worth an allocation of their own.
  static constexpr std::size_t piece_max = block_size / 8;

  MessageBlocks() = default;
  MessageBlocks(MessageBlocks&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), used_(other.used_), taken_(other.taken_) {}
  MessageBlocks& operator=(MessageBlocks&&) = delete;
  ~MessageBlocks() { close(); }

  /// Up to piece_max bytes. The thread that received them.
  [[nodiscard]] Piece take(std::size_t bytes);
  /// Any thread, once for each piece.
  static void release(Block* block) noexcept;

 private:
  void close() noexcept;

  Block* block_ = nullptr;  // From which pieces are taken.
  std::size_t used_ = 0;    // Of it.
  std::uint32_t taken_ = 0;
};

}  // namespace holdfast::session
