// The engine as the tests drive it: with time and bytes, its output read with the broker's eyes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/options.hpp>

#include "session/engine.hpp"
#include "session/outbox.hpp"
#include "support/broker_packets.hpp"
#include "support/catch.hpp"

namespace holdfast::session {

using namespace std::chrono_literals;
using support::acknowledgement;
using support::Packet;
using support::PacketType;
using support::Properties;
using support::PropertyId;

inline Options hour_long_session() {
  Options options;
  options.client_id = "client";
  options.session_expiry = 1h;
  return options;
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline OutboundMessagePtr make_message(std::string_view payload, QoS qos, TimePoint expires_at = never,
                                       bool retain = false) {
  return OutboundMessage::make(
      {.topic = "t", .payload = as_bytes(payload), .qos = qos, .retain = retain, .expires_at = expires_at});
}

class EngineUnderTest {
 public:
  explicit EngineUnderTest(Options options = hour_long_session(), Snapshot snapshot = {},
                           std::uint32_t seed = 0)
      : options_(std::move(options)),
        last_sequence_(snapshot.last_sequence),
        engine(options_, std::move(snapshot), seed) {
    take_returned();
  }

  // ---- The connection ----

  /// The byte stream is up; the CONNECT that went out.
  Packet open() {
    at_broker_.clear();
    engine.on_connected(now);
    const auto packets = write();
    REQUIRE(packets.size() == 1);
    REQUIRE(packets[0].type == PacketType::connect);
    return packets[0];
  }
  /// open(), and the CONNACK; the CONNECT that went out. What the engine answers waits to be written.
  Packet connect(bool session_present = false, const Properties& properties = {}) {
    Packet packet = open();
    const std::string connack = support::connack(session_present, ReasonCode::success, properties);
    receive(level_ == 5 ? connack : support::in_3_1_1(connack));
    return packet;
  }
  void receive(std::string_view bytes) {
    engine.on_bytes(as_bytes(bytes), now);
    take_returned();
    feed();
  }
  void lose(End end = End::lost) {
    engine.on_disconnected(end, now);
    take_returned();
  }
  void pass(std::chrono::nanoseconds time) {
    now += time;
    engine.on_deadline(now);
  }
  /// Passes the time to the next deadline, not beyond `limit`.
  void pass_to_deadline(std::chrono::nanoseconds limit = 24h) {
    now = std::min(engine.deadline(), now + limit);
    engine.on_deadline(now);
  }

  // ---- Messages ----

  OutboundMessagePtr publish(std::string_view payload, QoS qos, TimePoint expires_at = never,
                             bool retain = false) {
    auto message = make_message(payload, qos, expires_at, retain);
    message->sequence = ++last_sequence_;
    if (options_.store) {
      message->journaled = true;
      engine.journal().emplace_back(record::Accepted{message});
    }
    outbox.push_back(message);
    feed();
    return message;
  }
  std::vector<OutboundMessagePtr> publish_numbers(int first, int count, QoS qos) {
    std::vector<OutboundMessagePtr> messages;
    for (int number = first; number < first + count; ++number)
      messages.push_back(publish(std::to_string(number), qos));
    return messages;
  }
  /// What the network thread does each turn: first what has to be sent again, then what waits.
  void feed() {
    engine.replay(now);
    while (outbox.front() != nullptr && engine.can_publish(*outbox.front()))
      engine.publish(outbox.pop_front(), now);
  }

  /// Lets the next `bytes` leave; the packets that have now reached the broker in full and were not taken
  /// before.
  std::vector<Packet> write(std::size_t bytes = std::string::npos) {
    std::vector<std::span<const std::byte>> pieces(1024);
    while (bytes != 0 && !engine.output().empty()) {
      pieces.resize(1024);
      pieces.resize(engine.output().gather(pieces));
      std::size_t written = 0;
      for (const auto piece : pieces) {
        const auto part = piece.first(std::min(piece.size(), bytes - written));
        at_broker_.append(reinterpret_cast<const char*>(part.data()), part.size());
        written += part.size();
      }
      bytes -= bytes == std::string::npos ? 0 : written;
      engine.on_written(written, now);
    }
    std::vector<Packet> packets;
    while (const auto size = support::frame_size(at_broker_)) {
      packets.push_back(support::decode(std::string_view(at_broker_).substr(0, *size), level_));
      if (packets.back().type == PacketType::connect) level_ = packets.back().level;
      at_broker_.erase(0, *size);
    }
    return packets;
  }

  // ---- What came out ----

  [[nodiscard]] bool closing() const { return engine.closing().has_value(); }
  /// The reason code of the DISCONNECT with which the engine ends the connection.
  [[nodiscard]] std::optional<ReasonCode> closing_reason() const {
    return engine.closing() ? engine.closing()->reason_code : std::nullopt;
  }
  [[nodiscard]] bool finished(const OutboundMessagePtr& message) {
    const auto& all = engine.finished();
    return std::find(all.begin(), all.end(), message) != all.end();
  }
  /// Finished without an error.
  [[nodiscard]] bool succeeded(const OutboundMessagePtr& message) {
    return finished(message) && !message->failure;
  }
  [[nodiscard]] bool failed(const OutboundMessagePtr& message, Errc why) {
    return finished(message) && message->failure == why;
  }
  std::vector<std::string> received() {
    std::vector<std::string> payloads;
    for (const auto& message : engine.received()) {
      const auto payload = message->payload();
      payloads.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
      tokens.push_back(message->token());
    }
    engine.received().clear();
    return payloads;
  }
  /// The application acknowledges the message with this number in the order of received().
  void acknowledge(std::size_t number) {
    engine.acknowledge(tokens.at(number));
    engine.send_acknowledgements(now);
  }
  template <typename Kind>
  std::optional<Kind> event() const {
    for (const Event& event : const_cast<Engine&>(engine).events()) {
      if (const auto* found = std::get_if<Kind>(&event)) return *found;
    }
    return std::nullopt;
  }

 private:
  void take_returned() {
    if (!engine.returned().empty()) outbox.push_front(std::move(engine.returned()));
    engine.returned().clear();
  }

  Options options_;
  std::string at_broker_;
  std::uint8_t level_ = 5;  // Of the protocol, as the last CONNECT said.
  std::uint64_t last_sequence_;
  std::unique_ptr<Outbox> outbox_ = std::make_unique<Outbox>();

 public:
  Engine engine;
  Outbox& outbox = *outbox_;
  TimePoint now = TimePoint(1'000h);
  std::vector<InboundToken> tokens;
};

/// "PUBLISH dup 1": type, DUP and payload or packet identifier, in order, for comparisons that can be read.
inline std::vector<std::string> described(const std::vector<Packet>& packets) {
  std::vector<std::string> lines;
  for (const Packet& packet : packets) {
    std::string line(support::name_of(packet.type));
    if (packet.dup) line += " dup";
    if (packet.type == PacketType::publish) line += " " + packet.payload;
    lines.push_back(line);
  }
  return lines;
}

inline std::vector<Packet> only(PacketType type, const std::vector<Packet>& packets) {
  std::vector<Packet> found;
  std::copy_if(packets.begin(), packets.end(), std::back_inserter(found),
               [type](const Packet& packet) { return packet.type == type; });
  return found;
}

inline std::vector<std::string> payloads(const std::vector<Packet>& packets) {
  std::vector<std::string> texts;
  for (const Packet& packet : only(PacketType::publish, packets))
    texts.push_back(packet.payload);
  return texts;
}

inline std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> texts;
  for (int number = first; number < first + count; ++number)
    texts.push_back(std::to_string(number));
  return texts;
}

inline std::string puback(const Packet& publish, ReasonCode code = ReasonCode::success) {
  return acknowledgement(PacketType::puback, publish.packet_identifier, code);
}
inline std::string pubrec(const Packet& publish, ReasonCode code = ReasonCode::success) {
  return acknowledgement(PacketType::pubrec, publish.packet_identifier, code);
}
inline std::string pubcomp(const Packet& packet, ReasonCode code = ReasonCode::success) {
  return acknowledgement(PacketType::pubcomp, packet.packet_identifier, code);
}
inline std::string pubrel(std::uint16_t packet_identifier) {
  return acknowledgement(PacketType::pubrel, packet_identifier);
}

/// PUBLISH packets of a broker.
inline std::string qos1(std::uint16_t packet_identifier, const std::string& payload, bool dup = false) {
  return support::publish("t", payload, QoS::at_least_once, packet_identifier, dup);
}
inline std::string qos2(std::uint16_t packet_identifier, const std::string& payload, bool dup = false) {
  return support::publish("t", payload, QoS::exactly_once, packet_identifier, dup);
}

}  // namespace holdfast::session
