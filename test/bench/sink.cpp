#include "bench/sink.hpp"

#include <cstdio>
#include <memory>
#include <string>

#include "bench/packet_scanner.hpp"
#include "bench/work.hpp"
#include "support/loopback.hpp"

namespace holdfast::bench {

namespace {

struct Flood {
  int qos = 0;
  std::uint32_t messages = 0;
  std::size_t payload_size = 0;
};

/// What a SUBSCRIBE to flood_filter() asks for. Any other filter asks for nothing.
Flood parse_flood(std::string_view subscribe) {
  const std::size_t at = subscribe.find("flood/");
  if (at == std::string_view::npos) return {};
  Flood flood;
  const std::string text(subscribe.substr(at));
  if (std::sscanf(text.c_str(), "flood/%d/%u/%zu", &flood.qos, &flood.messages, &flood.payload_size) != 3)
    return {};
  return flood;
}

class Connection {
 public:
  explicit Connection(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  [[noreturn]] void serve() {
    for (;;) {
      flood();
      out_.write_to(*stream_);
      if (scanner_.read(*stream_)) {
        scanner_.scan([this](const Packet& packet) { answer(packet); });
      } else if (!may_flood() || !out_.empty()) {
        stream_->wait(!out_.empty());
      }
    }
  }

 private:
  void answer(const Packet& packet) {
    switch (packet.first & 0xF0) {
      case packet::publish:
        if (packet.qos() == 1) append_answer(out_.bytes(), packet::puback, packet.identifier());
        if (packet.qos() == 2) append_answer(out_.bytes(), packet::pubrec, packet.identifier());
        break;
      case packet::pubrel & 0xF0:
        append_answer(out_.bytes(), packet::pubcomp, packet.identifier());
        break;
      case packet::pubrec:
        append_answer(out_.bytes(), packet::pubrel, packet.identifier());
        break;
      case packet::puback:
      case packet::pubcomp:
        --outstanding_;
        break;
      case packet::connect:
        accept_client(packet.body);
        break;
      case packet::subscribe & 0xF0:
        begin_flood(packet.body);
        break;
      case packet::pingreq:
        out_.bytes() += {static_cast<char>(packet::pingresp), 0};
        break;
      case packet::disconnect:
        throw EndOfStream{};
      default:
        break;
    }
  }

  void accept_client(std::string_view connect) {
    // Whoever does not ask for a clean session has one here: its messages in flight are answered as if they
    // had always been.
    constexpr std::size_t flags_at = 7;
    const char session_present = (connect[flags_at] & 0x02) == 0 ? 1 : 0;
    // Receive Maximum is the one property, three bytes long.
    out_.bytes() +=
        {static_cast<char>(packet::connack), 6, session_present, 0, 3, 0x21, static_cast<char>(window >> 8),
         static_cast<char>(window & 0xFF)};
  }

  void begin_flood(std::string_view subscribe) {
    out_.bytes() += {static_cast<char>(packet::suback), 4, subscribe[0], subscribe[1], 0, 2};
    const Flood flood = parse_flood(subscribe);
    qos_ = flood.qos;
    to_send_ = flood.messages;
    publish_ = std::make_unique<EncodedPublish>(flood.qos, flood.payload_size);
  }

  [[nodiscard]] bool may_flood() const { return to_send_ > 0 && (qos_ == 0 || outstanding_ < window); }

  void flood() {
    constexpr std::size_t batch_bytes = 256 * 1024;
    while (may_flood() && out_.size() < batch_bytes) {
      // More identifiers than can be outstanding, so that none is used twice at a time.
      next_ = static_cast<std::uint16_t>(next_ % (2 * window) + 1);
      publish_->append_to(out_.bytes(), next_);
      --to_send_;
      if (qos_ > 0) ++outstanding_;
    }
  }

  std::unique_ptr<Stream> stream_;
  PacketScanner scanner_;
  Output out_;
  // What is being sent.
  std::unique_ptr<EncodedPublish> publish_;
  std::uint16_t next_ = 0;
  int qos_ = 0;
  std::uint32_t to_send_ = 0;
  std::uint32_t outstanding_ = 0;
};

}  // namespace

void run_sink(const support::Descriptor& listener, const MakeStream& make_stream) {
  for (;;) {
    wait_for(listener, false);
    support::Descriptor accepted = support::accept_from(listener);
    if (!accepted) continue;
    try {
      Connection(make_stream(std::move(accepted))).serve();
    } catch (const EndOfStream&) {  // The next one, please.
    }
  }
}

}  // namespace holdfast::bench
