#include "net/websocket_writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace holdfast::net {

namespace {

// Large enough that a frame's header and system call cost nothing beside its bytes; small enough to wait for.
constexpr std::size_t data_a_frame = std::size_t{64} << 10;
constexpr std::size_t header_size_max = 14;

}  // namespace

WebSocketWriter::WebSocketWriter() {
  const wslay_frame_callbacks callbacks{take_framed, nullptr, make_mask};
  wslay_frame_context_ptr context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, this) != 0) throw std::bad_alloc();
  context_.reset(context);
  frame_.reserve(data_a_frame + header_size_max);
}

ssize_t WebSocketWriter::take_framed(const std::uint8_t* bytes, std::size_t size, int, void* self) {
  auto& frame = static_cast<WebSocketWriter*>(self)->frame_;
  const auto framed = std::as_bytes(std::span(bytes, size));
  frame.insert(frame.end(), framed.begin(), framed.end());
  return static_cast<ssize_t>(size);
}

int WebSocketWriter::make_mask(std::uint8_t* mask, std::size_t size, void* self) {
  auto& writer = *static_cast<WebSocketWriter*>(self);
  if (writer.random_.size() - writer.random_used_ < size) {
    if (::getentropy(writer.random_.data(), writer.random_.size()) != 0) return -1;
    writer.random_used_ = 0;
  }
  std::memcpy(mask, writer.random_.data() + writer.random_used_, size);
  writer.random_used_ += size;
  return 0;
}

IoResult WebSocketWriter::write(ByteStream& below, Pieces pieces) {
  IoResult result = flush(below);
  if (result.status == IoStatus::ok && data_pending_ == 0) {
    std::size_t size = 0;
    for (const auto piece : pieces)
      size += piece.size();
    size = std::min(size, data_a_frame);
    if (size == 0) return {};
    if (!frame(WSLAY_BINARY_FRAME, pieces, size))
      return {IoStatus::failed, 0, {errno, std::system_category()}};
    data_in_frame_ = data_pending_ = size;
    result = flush(below);
  }
  if (result.status != IoStatus::failed && data_unreported_ != 0) {
    const std::size_t reported = std::exchange(data_unreported_, 0);
    data_pending_ -= reported;
    return {IoStatus::ok, reported};
  }
  return result;
}

IoResult WebSocketWriter::flush(ByteStream& below) {
  for (;;) {
    while (sent_ < frame_.size()) {
      const std::array pieces{std::span<const std::byte>(frame_).subspan(sent_)};
      const IoResult result = below.write(pieces);
      if (result.status != IoStatus::ok) return result;
      count(result.bytes);
    }
    if (!has_output()) return {};
    if (!frame_control()) return {IoStatus::failed, 0, {errno, std::system_category()}};
  }
}

void WebSocketWriter::count(std::size_t bytes) noexcept {
  const std::size_t data_begin = frame_.size() - data_in_frame_;
  const std::size_t counted_from = std::max(sent_, data_begin);
  sent_ += bytes;
  if (sent_ > counted_from) data_unreported_ += sent_ - counted_from;
}

bool WebSocketWriter::frame_control() {
  if (pong_) {
    const std::string payload = *std::exchange(pong_, std::nullopt);
    const std::array pieces{std::as_bytes(std::span(payload))};
    return frame(WSLAY_PONG, pieces, payload.size());
  }
  const std::array code{static_cast<std::byte>(*close_code_ >> 8U),
                        static_cast<std::byte>(*close_code_ & 0xFFU)};
  const std::array pieces{std::span<const std::byte>(code)};
  close_framed_ = true;
  return frame(WSLAY_CONNECTION_CLOSE, pieces, code.size());
}

bool WebSocketWriter::frame(wslay_opcode opcode, Pieces pieces, std::size_t size) {
  frame_.clear();
  sent_ = data_in_frame_ = 0;
  wslay_frame_iocb frame{};
  frame.fin = frame.mask = 1;
  frame.opcode = static_cast<std::uint8_t>(opcode);
  frame.payload_length = size;
  do {  // Once for a frame without payload, too.
    const auto piece = pieces.empty() ? std::span<const std::byte>() : pieces.front();
    frame.data = reinterpret_cast<const std::uint8_t*>(piece.data());
    frame.data_length = std::min(piece.size(), size);
    if (wslay_frame_send(context_.get(), &frame) < 0) return false;
    size -= frame.data_length;
    if (!pieces.empty()) pieces = pieces.subspan(1);
  } while (size != 0);
  return true;
}

void WebSocketWriter::queue_close(std::uint16_t code) noexcept {
  if (!close_code_) close_code_ = code;
}

}  // namespace holdfast::net
