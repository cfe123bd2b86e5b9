// The bytes the engine wants written, in order: packets encoded into one scratch buffer, and large payloads
// by reference, so that they are never copied again on plain TCP.
//
// Offsets count the bytes of one connection from its first; comparing a packet's end with written_offset()
// tells whether it has left entirely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "session/outbound_message.hpp"

namespace holdfast::session {

class OutputBuffer {
 public:
  /// Payloads from this size on go by reference: below it, copying costs less than one more piece in a
  /// sendmsg (a piece costs the kernel about what copying a kilobyte does).
  static constexpr std::size_t by_reference_from = 2048;

  /// Where packets are encoded: append only.
  [[nodiscard]] std::vector<std::byte>& scratch() noexcept { return scratch_; }
  /// Appends the payload of `message`.
  void append_payload(const OutboundMessagePtr& message);

  [[nodiscard]] std::uint64_t end_offset() const noexcept;
  [[nodiscard]] std::uint64_t written_offset() const noexcept { return written_; }
  [[nodiscard]] std::size_t size() const noexcept {
    return static_cast<std::size_t>(end_offset() - written_);
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Fills `pieces` with what to write next, in order; returns how many it filled.
  std::size_t gather(std::span<std::span<const std::byte>> pieces);
  /// The first `bytes` were written.
  void consume(std::size_t bytes);
  /// A new connection begins: nothing waits, offsets start at 0.
  void clear();

 private:
  struct Piece {
    OutboundMessagePtr
        owner;  ///< Set: `data` points into its payload. Else: the next `size` bytes of scratch_.
    const std::byte* data = nullptr;
    std::size_t size = 0;
  };
  void close_scratch_piece();
  void compact();

  std::vector<std::byte> scratch_;
  std::deque<Piece> pieces_;
  std::size_t scratch_written_ = 0;    // Leading bytes of scratch_ that were written.
  std::size_t scratch_in_pieces_ = 0;  // Bytes of scratch_ from its begin that pieces_ cover (or covered).
  std::uint64_t in_pieces_ = 0;        // Bytes of the connection that pieces_ cover (or covered).
  std::uint64_t written_ = 0;
};

}  // namespace holdfast::session
