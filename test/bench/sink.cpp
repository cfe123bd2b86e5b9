#include "bench/sink.hpp"

#include <string>
#include <vector>

#include "bench/packet_scanner.hpp"
#include "bench/work.hpp"
#include "support/loopback.hpp"

namespace holdfast::bench {

namespace {

class Connection {
 public:
  explicit Connection(support::Descriptor connection) : connection_(std::move(connection)) {}

  [[noreturn]] void serve() {
    for (;;) {
      flood();
      write_some(connection_, out_);
      if (scanner_.read(connection_)) {
        scanner_.scan([this](const Packet& packet) { answer(packet); });
      } else if (!may_flood() || !out_.empty()) {
        wait_for(connection_, !out_.empty());
      }
    }
  }

 private:
  void answer(const Packet& packet) {
    switch (packet.first & 0xF0) {
      case packet::publish:
        if (packet.qos() == 1) append_answer(out_, packet::puback, packet.identifier());
        if (packet.qos() == 2) append_answer(out_, packet::pubrec, packet.identifier());
        break;
      case packet::pubrel & 0xF0:
        append_answer(out_, packet::pubcomp, packet.identifier());
        break;
      case packet::pubrec:
        append_answer(out_, packet::pubrel, packet.identifier());
        break;
      case packet::puback:
      case packet::pubcomp:
        --outstanding_;
        break;
      case packet::connect:  // Receive Maximum is the one property, three bytes long.
        out_ += {static_cast<char>(packet::connack), 6, 0, 0, 3, 0x21, window >> 8,
                 static_cast<char>(window & 0xFF)};
        break;
      case packet::subscribe & 0xF0:
        begin_flood(packet.body);
        break;
      case packet::pingreq:
        out_ += {static_cast<char>(packet::pingresp), 0};
        break;
      case packet::disconnect:
        throw EndOfStream{};
      default:
        break;
    }
  }

  void begin_flood(std::string_view subscribe) {
    out_ += {static_cast<char>(packet::suback), 4, subscribe[0], subscribe[1], 0, 2};
    const std::string text(subscribe.substr(subscribe.find("flood/") + 6));
    const int qos = text[0] - '0';
    to_send_ = static_cast<std::uint32_t>(std::stoul(text.substr(2)));
    qos_ = qos;
    // More identifiers than can be outstanding, so that none is used twice at a time.
    for (std::uint16_t identifier = 1; identifier <= 2 * window; ++identifier)
      publishes_.push_back(make_publish(qos, identifier));
  }

  [[nodiscard]] bool may_flood() const { return to_send_ > 0 && (qos_ == 0 || outstanding_ < window); }

  void flood() {
    constexpr std::size_t batch_bytes = 256 * 1024;
    while (may_flood() && out_.size() < batch_bytes) {
      out_ += publishes_[next_];
      next_ = (next_ + 1) % publishes_.size();
      --to_send_;
      if (qos_ > 0) ++outstanding_;
    }
  }

  support::Descriptor connection_;
  PacketScanner scanner_;
  std::string out_;
  // What is being sent.
  std::vector<std::string> publishes_;
  std::size_t next_ = 0;
  int qos_ = 0;
  std::uint32_t to_send_ = 0;
  std::uint32_t outstanding_ = 0;
};

}  // namespace

void run_sink(const support::Descriptor& listener) {
  for (;;) {
    wait_for(listener, false);
    support::Descriptor accepted = support::accept_from(listener);
    if (!accepted) continue;
    try {
      Connection(std::move(accepted)).serve();
    } catch (const EndOfStream&) {  // The next one, please.
    }
  }
}

}  // namespace holdfast::bench
