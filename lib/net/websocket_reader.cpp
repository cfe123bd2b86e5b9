#include "net/websocket_reader.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace holdfast::net {

namespace {

bool is_control(unsigned opcode) {
  return opcode == WSLAY_CONNECTION_CLOSE || opcode == WSLAY_PING || opcode == WSLAY_PONG;
}

// Those that may be sent. [RFC 6455, 7.4]
bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}

}  // namespace

WebSocketReader::WebSocketReader() {
  const wslay_frame_callbacks callbacks{nullptr, take_fed, nullptr};
  wslay_frame_context_ptr context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, this) != 0) throw std::bad_alloc();
  context_.reset(context);
}

ssize_t WebSocketReader::take_fed(std::uint8_t* into, std::size_t size, int, void* self) {
  auto& fed = static_cast<WebSocketReader*>(self)->fed_;
  if (fed.empty()) return -1;
  const std::size_t taken = std::min(size, fed.size());
  std::memcpy(into, fed.data(), taken);
  fed = fed.subspan(taken);
  return static_cast<ssize_t>(taken);
}

WebSocketReader::Event WebSocketReader::next() {
  if (!fault_.empty()) return Event::violation;
  for (;;) {
    wslay_frame_iocb frame{};
    const ssize_t got = wslay_frame_recv(context_.get(), &frame);
    if (got == WSLAY_ERR_WANT_READ) return Event::need_more;
    if (got < 0) refuse(WSLAY_CODE_PROTOCOL_ERROR, "a frame has a size that is not allowed");
    if (got < 0 || (!in_frame_ && !begin_frame(frame))) return Event::violation;
    const auto part = std::as_bytes(std::span(frame.data, frame.data_length));
    left_in_frame_ -= part.size();
    in_frame_ = left_in_frame_ != 0;
    if (is_control(frame.opcode)) {
      control_.append(reinterpret_cast<const char*>(part.data()), part.size());
      if (in_frame_ || frame.opcode == WSLAY_PONG) continue;
      return end_control(frame.opcode);
    }
    data_ = part;
    if (!part.empty()) return Event::data;
  }
}

bool WebSocketReader::begin_frame(const wslay_frame_iocb& frame) {
  left_in_frame_ = frame.payload_length;
  if (frame.rsv != 0) return refuse(WSLAY_CODE_PROTOCOL_ERROR, "a frame has reserved bits set");
  if (frame.mask != 0) return refuse(WSLAY_CODE_PROTOCOL_ERROR, "a frame is masked");
  if (is_control(frame.opcode)) {
    control_.clear();
    return true;
  }
  switch (frame.opcode) {
    case WSLAY_TEXT_FRAME:
      return refuse(WSLAY_CODE_UNSUPPORTED_DATA, "a frame is text instead of binary [MQTT 5, 6.0.0-1]");
    case WSLAY_BINARY_FRAME:
      if (in_message_) return refuse(WSLAY_CODE_PROTOCOL_ERROR, "a message begins within another one");
      break;
    case WSLAY_CONTINUATION_FRAME:
      if (!in_message_) return refuse(WSLAY_CODE_PROTOCOL_ERROR, "a message goes on that has not begun");
      break;
    default:
      return refuse(WSLAY_CODE_PROTOCOL_ERROR, "a frame is of an unknown kind");
  }
  in_message_ = frame.fin == 0;
  return true;
}

WebSocketReader::Event WebSocketReader::end_control(unsigned opcode) {
  return opcode == WSLAY_PING ? Event::ping : take_close();
}

WebSocketReader::Event WebSocketReader::take_close() {
  close_code_ = WSLAY_CODE_NO_STATUS_RCVD;
  if (control_.empty()) return Event::closed;
  if (control_.size() >= 2)
    close_code_ = static_cast<std::uint16_t>(static_cast<std::uint8_t>(control_[0]) << 8U |
                                             static_cast<std::uint8_t>(control_[1]));
  if (control_.size() >= 2 && is_close_code(close_code_)) return Event::closed;
  refuse(WSLAY_CODE_PROTOCOL_ERROR, "a close frame has no code that may be sent");
  return Event::violation;
}

bool WebSocketReader::refuse(std::uint16_t code, const char* why) {
  close_code_ = code;
  fault_ = why;
  return false;
}

}  // namespace holdfast::net
