// Any bytes of a WebSocket server, in any split, give data and an end with words, never anything else; and
// what we write meanwhile is whole masked frames with all that was reported as written. The first byte of an
// input says how it is split and whether it begins behind the server's agreement, which no fuzzer finds: it
// hangs on a random key.
#include <mbedtls/md.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "net/base64.hpp"
#include "net/transport_error.hpp"
#include "net/websocket_stream.hpp"
#include "support/memory_stream.hpp"
#include "support/websocket_frames.hpp"

using namespace holdfast;
using support::WebSocketFrame;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  net::IoStatus handshake = net::IoStatus::ok;
  std::string data;
  net::IoStatus end = net::IoStatus::ok;
  std::string failure;

  bool operator==(const Outcome&) const = default;
};

std::string agreement(const std::string& request) {
  const std::string name = "Sec-WebSocket-Key: ";
  const std::string key = request.substr(request.find(name) + name.size(), 24);
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::byte, 20> digest{};
  mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         net::base64(digest) + "\r\n\r\n";
}

// A server of which one test sees every side.
class Server {
 public:
  Server(std::size_t piece, bool agreed)
      : stream_(
            net::websocket_over(std::make_unique<support::MemoryStream>(peer_), {"host", "/?secret", {}})) {
    require(stream_->advance().status == net::IoStatus::would_block);
    const std::string request = peer_->take_written();
    if (agreed) peer_->to_read = agreement(request);
    peer_->read_at_most = piece;
    peer_->room = piece;
  }

  Outcome hears(std::string_view bytes) {
    peer_->to_read += bytes;
    Outcome outcome;
    outcome.handshake = stream_->advance().status;
    outcome.failure = stream_->failure();
    require(outcome.failure.size() < 500);
    require(outcome.failure.find("secret") == std::string::npos || bytes.find("secret") != std::string::npos);
    if (outcome.handshake != net::IoStatus::ok) {
      outcome.failure.clear();  // It shows what came so far.
      return outcome;
    }
    read(outcome);
    outcome.failure = stream_->failure();
    check_written();
    return outcome;
  }

 private:
  void read(Outcome& outcome) {
    std::byte into[5];
    for (;;) {
      const net::IoResult result = stream_->read(into);
      outcome.data.append(reinterpret_cast<const char*>(into), result.bytes);
      outcome.end = result.status;
      if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) return;
      require(result.status == net::IoStatus::ok || !stream_->has_pending_input() || !peer_->to_read.empty());
      if (result.status == net::IoStatus::would_block && peer_->to_read.empty()) return;
      peer_->room += peer_->read_at_most;
      write();
    }
  }

  void write() {
    // What was not reported is written again, as it was.
    if (pending_.empty()) pending_ = std::to_string(reported_.size());
    const std::array again{std::as_bytes(std::span(pending_))};
    const net::IoResult result = stream_->write(again);
    require(result.bytes <= pending_.size());
    reported_ += pending_.substr(0, result.bytes);
    pending_.erase(0, result.bytes);
  }

  void check_written() {
    peer_->room = support::MemoryPeer::unlimited;
    if (!pending_.empty()) write();
    static_cast<void>(stream_->write({}));
    std::string left = peer_->written;
    std::string arrived;
    bool closed = false;
    while (const auto frame = support::take_frame(left)) {
      require(frame->masked && frame->fin && frame->reserved == 0 && !closed);
      closed = frame->opcode == WebSocketFrame::close;
      const bool known =
          closed || frame->opcode == WebSocketFrame::pong || frame->opcode == WebSocketFrame::binary;
      require(known);
      if (frame->opcode == WebSocketFrame::binary) arrived += frame->payload;
    }
    require(left.empty());
    require(arrived.starts_with(reported_));
  }

  const std::shared_ptr<support::MemoryPeer> peer_ = std::make_shared<support::MemoryPeer>();
  const std::unique_ptr<net::ByteStream> stream_;
  std::string reported_;
  std::string pending_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool agreed = (data[0] & 1U) != 0;
  const Outcome whole = Server(bytes.size() + 1'000, agreed).hears(bytes);
  require(Server(std::size_t{data[0]} / 2 % 32 + 1, agreed).hears(bytes) == whole);
  return 0;
}
