// Memory for large received messages, used again while it is warm.
//
// One thread takes the memory and others give it back. Left to the allocator, each large piece goes back to
// the system and comes again as pages to be faulted in and zeroed, which costs more than reading a message
// from the network.
#pragma once

#include <cstddef>
#include <memory>

namespace holdfast::session {

class LargeMemory {
 public:
  /// Smaller pieces are the allocator's to keep.
  static constexpr std::size_t piece_min = std::size_t{16} << 10;
  /// How much is kept for later, all pieces together.
  static constexpr std::size_t kept_max = std::size_t{1} << 20;

  LargeMemory();
  LargeMemory(LargeMemory&&) noexcept = default;
  LargeMemory& operator=(LargeMemory&&) = delete;
  /// What is kept goes; pieces that are out stay valid.
  ~LargeMemory();

  /// Aligned as operator new's. The thread that received the message.
  [[nodiscard]] void* take(std::size_t bytes);
  /// Any thread, once for each piece.
  static void release(void* piece) noexcept;

 private:
  class Shelf;
  struct Header;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace holdfast::session
