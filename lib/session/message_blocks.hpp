// Memory for received messages, many to a block.
//
// One thread takes the memory and others give it back, message by message. With an allocation for each, the
// two would contend for the allocator's lock the whole time: that costs several times what everything else
// costs.
//
// A block lives until its last message is gone, so a message that is kept keeps up to a block of others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "session/large_memory.hpp"

namespace holdfast::session {

class MessageBlocks {
 public:
  class Block;
  struct Piece {
    void* memory;
    Block* block;  ///< For release().
  };

  static constexpr std::size_t alignment = 8;

  MessageBlocks(std::size_t block_size, std::size_t piece_max) noexcept
      : block_size_(block_size), piece_max_(piece_max) {}
  MessageBlocks(MessageBlocks&& other) noexcept
      : block_size_(other.block_size_),
        piece_max_(other.piece_max_),
        block_(std::exchange(other.block_, nullptr)),
        used_(other.used_),
        taken_(other.taken_) {}
  MessageBlocks& operator=(MessageBlocks&&) = delete;
  ~MessageBlocks() { close(); }

  /// Larger pieces waste too much of a block, and get one of their own.
  [[nodiscard]] std::size_t piece_max() const noexcept { return piece_max_; }
  /// The thread that received the message. Blocks that are large themselves are from `large`.
  [[nodiscard]] Piece take(std::size_t bytes, LargeMemory& large);
  /// Any thread, once for each piece.
  static void release(Block* block) noexcept;

 private:
  void close() noexcept;

  const std::size_t block_size_;
  const std::size_t piece_max_;
  Block* block_ = nullptr;  // From which pieces are taken.
  std::size_t used_ = 0;    // Of it.
  std::uint32_t taken_ = 0;
};

}  // namespace holdfast::session
