// What we send to a WebSocket server: masked frames, made by wslay. [RFC 6455, 5]
#pragma once

#include <wslay/wslay.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/byte_stream.hpp"

namespace holdfast::net {

class WebSocketWriter {
 public:
  WebSocketWriter();

  /// As ByteStream::write(): the pieces together become one binary frame, as far as they fit. What has left
  /// of it is reported, and no more: so the caller comes again, with what was not reported, until all has
  /// left.
  IoResult write(ByteStream& below, std::span<const std::span<const std::byte>> pieces);
  /// Writes what waits of frames. `ok`: nothing waits any more.
  IoResult flush(ByteStream& below);
  /// Only the newest ping is answered, however many wait. [RFC 6455, 5.5.3]
  void queue_pong(std::string_view payload) {
    if (!close_code_) pong_ = payload;
  }
  /// Behind everything else; only the first counts.
  void queue_close(std::uint16_t code) noexcept;

  [[nodiscard]] bool close_queued() const noexcept { return close_code_.has_value(); }
  [[nodiscard]] bool has_output() const noexcept {
    return sent_ < frame_.size() || pong_ || (close_code_ && !close_framed_);
  }

 private:
  struct FreeContext {
    void operator()(wslay_frame_context* context) const noexcept { wslay_frame_context_free(context); }
  };
  using Pieces = std::span<const std::span<const std::byte>>;

  static ssize_t take_framed(const std::uint8_t* bytes, std::size_t size, int flags, void* self);
  static int make_mask(std::uint8_t* mask, std::size_t size, void* self);
  void count(std::size_t bytes) noexcept;
  // False with errno if the system has no random bytes.
  [[nodiscard]] bool frame_control();
  [[nodiscard]] bool frame(wslay_opcode opcode, Pieces pieces, std::size_t size);

  std::unique_ptr<wslay_frame_context, FreeContext> context_;
  std::vector<std::byte> frame_;     ///< One frame at a time.
  std::size_t sent_ = 0;             ///< Of frame_.
  std::size_t data_in_frame_ = 0;    ///< How many of frame_'s last bytes are the caller's.
  std::size_t data_unreported_ = 0;  ///< Of the caller's bytes, how many have left and were not reported.
  std::size_t data_pending_ = 0;     ///< Of the caller's bytes, how many were taken and not reported.
  std::optional<std::string> pong_;
  std::optional<std::uint16_t> close_code_;
  bool close_framed_ = false;
  /// Random bytes for masks, so that not every frame asks the system.
  std::array<std::uint8_t, 256> random_{};
  std::size_t random_used_ = random_.size();
};

}  // namespace holdfast::net
