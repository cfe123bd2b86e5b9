// Where the memory of received messages comes from: for most of them it is no allocation.
#pragma once

#include <cstddef>

#include "session/large_memory.hpp"
#include "session/message_blocks.hpp"

namespace holdfast::session {

class InboundMemory {
 public:
  /// The thread that received the message. For MessageBlocks::release().
  [[nodiscard]] MessageBlocks::Piece take(std::size_t bytes) {
    return (bytes <= small_.piece_max() ? small_ : medium_).take(bytes, large_);
  }

 private:
  LargeMemory large_;
  MessageBlocks small_{4080, 510};  // With what the allocator adds, a page.
  MessageBlocks medium_{std::size_t{32} << 10, std::size_t{8} << 10};
};

}  // namespace holdfast::session
