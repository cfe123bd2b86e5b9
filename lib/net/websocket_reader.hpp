// What a WebSocket server sends, frame by frame, by wslay. [RFC 6455, 5] No I/O, and no memory but one fixed
// buffer, whatever sizes a server announces.
#pragma once

#include <wslay/wslay.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace holdfast::net {

class WebSocketReader {
 public:
  enum class Event : std::uint8_t {
    need_more,  ///< Everything that was fed is used.
    data,       ///< data() are the next bytes.
    ping,       ///< control() has its payload.
    closed,     ///< control() has code and reason, close_code() the code.
    violation,  ///< fault() and close_code() say what is to be said to the server. The end.
  };

  WebSocketReader();

  /// Only after need_more. The bytes have to stay until need_more comes again.
  void feed(std::span<const std::byte> bytes) noexcept { fed_ = bytes; }
  [[nodiscard]] Event next();

  /// Until the following call of next().
  [[nodiscard]] std::span<const std::byte> data() const noexcept { return data_; }
  [[nodiscard]] const std::string& control() const noexcept { return control_; }
  /// What the server sent, or what is to be sent to it. 1005: it sent none.
  [[nodiscard]] std::uint16_t close_code() const noexcept { return close_code_; }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  struct FreeContext {
    void operator()(wslay_frame_context* context) const noexcept { wslay_frame_context_free(context); }
  };

  static ssize_t take_fed(std::uint8_t* into, std::size_t size, int flags, void* self);
  [[nodiscard]] bool begin_frame(const wslay_frame_iocb& frame);
  [[nodiscard]] Event end_control(unsigned opcode);
  [[nodiscard]] Event take_close();
  bool refuse(std::uint16_t code, const char* why);

  std::unique_ptr<wslay_frame_context, FreeContext> context_;
  std::span<const std::byte> fed_;
  std::span<const std::byte> data_;
  std::uint64_t left_in_frame_ = 0;
  bool in_frame_ = false;
  bool in_message_ = false;  ///< A data frame came that was not the last of its message.
  std::string control_;
  std::uint16_t close_code_ = 0;
  std::string fault_;
};

}  // namespace holdfast::net
