#include <stdexcept>
#include <string>
#include <vector>

#include "bench/packet_scanner.hpp"
#include "bench/work.hpp"
#include "support/loopback.hpp"

namespace holdfast::bench {

namespace {

class BareClient {
 public:
  explicit BareClient(std::uint16_t port) : connection_(support::connect_to(port)) {
    wait_for(connection_, true);
    // Clean Start, keep-alive 0, no properties, Client Identifier "bare".
    out_.assign("\x10\x11\0\4MQTT\5\2\0\0\0\0\4bare", 19);
    bool connected = false;
    until([&] { return connected; }, [&](const Packet& packet) { connected = packet.is(packet::connack); });
  }

  void publish(const Work& work) {
    std::vector<std::string> publishes;
    for (std::uint16_t identifier = 1; identifier <= 2 * window; ++identifier)
      publishes.push_back(make_publish(work.qos, identifier));
    std::uint32_t sent = 0;
    std::uint32_t finished = 0;
    const auto done = [&] {
      constexpr std::size_t batch_bytes = 64 * 1024;
      while (sent < work.messages && out_.size() < batch_bytes && (work.qos == 0 || sent - finished < window))
        out_ += publishes[sent++ % publishes.size()];
      return sent == work.messages && out_.empty() && (work.qos == 0 || finished == sent);
    };
    until(done, [&](const Packet& packet) {
      if (packet.is(packet::pubrec)) return append_answer(out_, packet::pubrel, packet.identifier());
      if (packet.is(packet::puback) || packet.is(packet::pubcomp)) ++finished;
    });
  }

  void receive(const Work& work) {
    const std::string filter = flood_filter(work);
    const auto size = static_cast<char>(filter.size());
    out_ = std::string{static_cast<char>(packet::subscribe), static_cast<char>(size + 6), 0, 1, 0, 0, size} +
           filter;
    out_ += '\2';
    std::uint32_t received = 0;
    until([&] { return received == work.messages && out_.empty(); },
          [&](const Packet& packet) {
            if (packet.is(packet::pubrel)) return append_answer(out_, packet::pubcomp, packet.identifier());
            if (!packet.is(packet::publish)) return;
            ++received;
            if (packet.qos() == 1) append_answer(out_, packet::puback, packet.identifier());
            if (packet.qos() == 2) append_answer(out_, packet::pubrec, packet.identifier());
          });
  }

 private:
  template <class Done, class Take>
  void until(Done&& done, Take&& take) {
    while (!done()) {
      write_some(connection_, out_);
      if (scanner_.read(connection_)) {
        scanner_.scan(take);
      } else if (!done()) {
        wait_for(connection_, !out_.empty());
      }
    }
  }

  support::Descriptor connection_;
  PacketScanner scanner_;
  std::string out_;
};

}  // namespace

Sample run_sockets(const Work& work) {
  BareClient client(work.port);
  const Stopwatch stopwatch;
  if (work.direction == Direction::publish) {
    client.publish(work);
  } else {
    client.receive(work);
  }
  return stopwatch.stop();
}

}  // namespace holdfast::bench
