#include "net/websocket_stream.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "net/handshake.hpp"
#include "net/text.hpp"
#include "net/transport_error.hpp"
#include "net/websocket_reader.hpp"
#include "net/websocket_upgrade.hpp"
#include "net/websocket_writer.hpp"

namespace holdfast::net {

namespace {

constexpr std::size_t buffer_size = std::size_t{64} << 10;
// A server that sends nothing but pings must not keep the thread from its other work.
constexpr int reads_a_call = 16;

std::string close_in_words(std::uint16_t code) {
  switch (code) {
    case 1000:
      return "normal closure";
    case 1001:
      return "going away";
    case 1002:
      return "protocol error";
    case 1003:
      return "unsupported data";
    case 1007:
      return "invalid data";
    case 1008:
      return "policy violation";
    case 1009:
      return "message too big";
    case 1010:
      return "extension missing";
    case 1011:
      return "internal error";
    case 1012:
      return "service restart";
    case 1013:
      return "try again later";
    default:
      return "";
  }
}

class WebSocketStream final : public ByteStream {
 public:
  WebSocketStream(std::unique_ptr<ByteStream> below, WebSocketTarget target)
      : below_(std::move(below)),
        handshake_(std::in_place, std::make_unique<WebSocketUpgrade>(std::move(target)),
                   make_error_code(TransportErrc::websocket)),
        buffer_(buffer_size) {}

  [[nodiscard]] int descriptor() const noexcept override { return below_->descriptor(); }
  [[nodiscard]] short poll_events(bool want_read, bool want_write) const noexcept override {
    if (handshake_) return handshake_->poll_events(*below_);
    return below_->poll_events(want_read, (want_write && !end_) || writer_.has_output());
  }
  IoResult advance() override;
  IoResult read(std::span<std::byte> into) override;
  IoResult write(std::span<const std::span<const std::byte>> pieces) override;
  [[nodiscard]] bool has_pending_input() const noexcept override {
    return !data_.empty() || (end_ && !end_told_) || (!end_ && below_->has_pending_input());
  }
  [[nodiscard]] std::string failure() const override;
  void shutdown_write() noexcept override;

 private:
  IoResult read_data(std::span<std::byte> into);
  [[nodiscard]] bool find_data();
  std::size_t take(std::span<std::byte> into);
  void on_close();
  void end(const IoResult& how, std::string why);
  IoResult tell_end() noexcept;
  void flush();

  const std::unique_ptr<ByteStream> below_;
  std::optional<HandshakeRunner> handshake_;  ///< Until WebSocket begins.
  std::vector<std::byte> buffer_;             ///< What came from below; reader_ works on it.
  WebSocketReader reader_;
  WebSocketWriter writer_;
  std::span<const std::byte> data_;  ///< Found by reader_ and not yet read.
  std::optional<IoResult> end_;
  bool end_told_ = false;
  std::string why_;
};

IoResult WebSocketStream::advance() {
  if (!handshake_) return {};
  const IoResult result = handshake_->advance(*below_);
  if (result.status != IoStatus::ok) return result;
  // What came behind the answer is never more than one read of the handshake, and fits.
  const std::string& rest = handshake_->rest();
  std::memcpy(buffer_.data(), rest.data(), rest.size());
  reader_.feed(std::span(buffer_).first(rest.size()));
  handshake_.reset();
  // Looked through now: else nobody would know of data that wait in the reader.
  static_cast<void>(find_data());
  return {};
}

IoResult WebSocketStream::read(std::span<std::byte> into) {
  const IoResult result = read_data(into);
  flush();
  return result;
}

IoResult WebSocketStream::read_data(std::span<std::byte> into) {
  for (int reads = 0;; ++reads) {
    if (const std::size_t taken = take(into); taken != 0 || into.empty()) return {IoStatus::ok, taken};
    if (end_) return tell_end();
    if (reads == reads_a_call) return {IoStatus::would_block};
    const IoResult result = below_->read(buffer_);
    if (result.status == IoStatus::would_block) return result;
    if (result.status == IoStatus::ok) {
      reader_.feed(std::span(buffer_).first(result.bytes));
      static_cast<void>(find_data());
    } else {
      end(result, {});
    }
  }
}

// Afterwards the reader has nothing left but what it found: has_pending_input() knows all.
std::size_t WebSocketStream::take(std::span<std::byte> into) {
  std::size_t taken = 0;
  while (!data_.empty() && taken < into.size()) {
    const std::size_t part = std::min(data_.size(), into.size() - taken);
    std::memcpy(into.data() + taken, data_.data(), part);
    taken += part;
    data_ = data_.subspan(part);
    if (data_.empty()) static_cast<void>(find_data());
  }
  return taken;
}

// Goes on until there are data, or all that came is used, or the stream has ended.
bool WebSocketStream::find_data() {
  while (!end_) {
    switch (reader_.next()) {
      case WebSocketReader::Event::need_more:
        return false;
      case WebSocketReader::Event::data:
        data_ = reader_.data();
        return true;
      case WebSocketReader::Event::ping:
        writer_.queue_pong(reader_.control());
        break;
      case WebSocketReader::Event::closed:
        on_close();
        break;
      case WebSocketReader::Event::violation:
        writer_.queue_close(reader_.close_code());
        end({IoStatus::failed, 0, make_error_code(TransportErrc::websocket)},
            "the server broke WebSocket's rules: " + reader_.fault() + " [RFC 6455]");
        break;
    }
  }
  return false;
}

void WebSocketStream::on_close() {
  const std::uint16_t code = reader_.close_code();
  const bool without_code = code == WSLAY_CODE_NO_STATUS_RCVD;
  writer_.queue_close(without_code ? std::uint16_t{WSLAY_CODE_NORMAL_CLOSURE} : code);
  std::string why = "the server closed the WebSocket";
  if (!without_code) {
    const std::string words = close_in_words(code);
    const std::string reason = reader_.control().substr(2);
    why += " with code " + std::to_string(code);
    if (!words.empty()) why += " (" + words + ")";
    if (!reason.empty()) why += ": \"" + shown(reason) + "\"";
  }
  end({IoStatus::closed}, std::move(why));
}

void WebSocketStream::end(const IoResult& how, std::string why) {
  if (end_) return;
  end_ = how;
  why_ = std::move(why);
}

IoResult WebSocketStream::tell_end() noexcept {
  end_told_ = true;
  return *end_;
}

// Pongs and the close frame leave by themselves, as soon as there is room.
void WebSocketStream::flush() {
  if (handshake_ || !writer_.has_output()) return;
  const IoResult result = writer_.flush(*below_);
  if (result.status == IoStatus::failed) end(result, {});
}

IoResult WebSocketStream::write(std::span<const std::span<const std::byte>> pieces) {
  if (!end_ && !pieces.empty() && !writer_.close_queued()) return writer_.write(*below_, pieces);
  flush();
  if (end_) return tell_end();
  if (writer_.has_output()) return {IoStatus::would_block};
  return pieces.empty() ? IoResult{}
                        : IoResult{IoStatus::failed, 0, std::make_error_code(std::errc::broken_pipe)};
}

std::string WebSocketStream::failure() const {
  if (handshake_) return handshake_->failure(*below_);
  return why_.empty() ? below_->failure() : why_;
}

void WebSocketStream::shutdown_write() noexcept {
  if (handshake_) return;
  writer_.queue_close(WSLAY_CODE_NORMAL_CLOSURE);
  flush();
}

}  // namespace

std::unique_ptr<ByteStream> websocket_over(std::unique_ptr<ByteStream> below, WebSocketTarget target) {
  return std::make_unique<WebSocketStream>(std::move(below), std::move(target));
}

}  // namespace holdfast::net
