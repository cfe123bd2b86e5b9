// The least that any client can do: packets encoded beforehand, as many a write as the window allows.
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/packet_scanner.hpp"
#include "bench/peer.hpp"
#include "bench/tls_stream.hpp"
#include "support/loopback.hpp"

namespace holdfast::bench {

namespace {

class SocketsPeer : public Peer {
 public:
  explicit SocketsPeer(const Job& job)
      : job_(job),
        publish_(job.qos, job.payload_size),
        make_stream_(job.ca_file.empty() ? make_plain : tls_client_streams(job.ca_file)) {}

  void connect() override {
    stream_ = make_stream_(support::connect_to(job_.port));
    stream_->wait(true);
    // Clean Start, keep-alive 0, no properties; and one who receives is not who publishes for it.
    out_.bytes().assign("\x10\x11\0\4MQTT\5\2\0\0\0\0\4", 15);
    out_.bytes() += job_.publisher ? "take" : "bare";
    until_answered(packet::connack);
  }
  void disconnect() override {
    out_.bytes().assign("\xE0\0", 2);
    out_.write_to(*stream_);
    stream_.reset();
  }
  void await_connection() override {
    stream_.reset();
    connect();
  }

  void publish(std::uint32_t messages) override {
    // Nobody answers; what a client would keep is as good as encoded already.
    if (job_.keeps_session()) {
      pending_ += messages;
    } else {
      send(messages);
    }
  }
  void finish() override { send(std::exchange(pending_, 0)); }
  [[nodiscard]] bool can_share() const override { return false; }
  void round_trip() override { publish(1); }
  void publish_at(std::span<TimePoint> due, std::span<TimePoint> ended) override {
    for (std::size_t i = 0; i < due.size(); ++i) {
      sleep_until(due[i]);
      due[i] = std::chrono::steady_clock::now();
      publish(1);
      ended[i] = std::chrono::steady_clock::now();
    }
  }

  void subscribe(const std::string& filter) override {
    const auto size = static_cast<char>(filter.size());
    out_.bytes() +=
        std::string{static_cast<char>(packet::subscribe), static_cast<char>(size + 6), 0, 1, 0, 0, size} +
        filter + '\2';
    until_answered(packet::suback);
  }
  void receive(std::uint32_t messages) override {
    to_receive_ += messages;
    until([&] { return received_ >= to_receive_ && out_.empty(); },
          [&](const Packet& packet) { take(packet); });
  }

 private:
  void send(std::uint32_t messages) {
    std::uint32_t sent = 0;
    std::uint32_t finished = 0;
    const auto done = [&] {
      constexpr std::size_t batch_bytes = std::size_t{64} * 1024;
      while (sent < messages && out_.size() < batch_bytes && (job_.qos == 0 || sent - finished < window)) {
        // More identifiers than can be outstanding, so that none is used twice at a time.
        publish_.append_to(out_.bytes(), static_cast<std::uint16_t>(sent % (2 * window) + 1));
        ++sent;
      }
      return sent == messages && out_.empty() && (job_.qos == 0 || finished == sent);
    };
    until(done, [&](const Packet& packet) {
      if (packet.is(packet::pubrec)) return append_answer(out_.bytes(), packet::pubrel, packet.identifier());
      if (packet.is(packet::puback) || packet.is(packet::pubcomp)) ++finished;
    });
  }

  void take(const Packet& packet) {
    if (packet.is(packet::pubrel)) return append_answer(out_.bytes(), packet::pubcomp, packet.identifier());
    if (!packet.is(packet::publish)) return;
    ++received_;
    if (packet.qos() == 1) append_answer(out_.bytes(), packet::puback, packet.identifier());
    if (packet.qos() == 2) append_answer(out_.bytes(), packet::pubrec, packet.identifier());
  }

  void until_answered(std::uint8_t type) {
    bool answered = false;
    until([&] { return answered; },
          [&](const Packet& packet) {
            answered = answered || packet.is(type);
            take(packet);
          });
  }

  template <class Done, class Take>
  void until(Done&& done, Take&& take) {
    while (!done()) {
      out_.write_to(*stream_);
      if (scanner_.read(*stream_)) {
        scanner_.scan(take);
      } else if (!done()) {
        stream_->wait(!out_.empty());
      }
    }
  }

  const Job job_;
  EncodedPublish publish_;
  const MakeStream make_stream_;
  std::unique_ptr<Stream> stream_;
  PacketScanner scanner_;
  Output out_;
  std::uint32_t pending_ = 0;
  std::uint32_t received_ = 0;
  std::uint32_t to_receive_ = 0;
};

}  // namespace

std::string peer_version() {
  return "-";
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<SocketsPeer>(job);
}

}  // namespace holdfast::bench
