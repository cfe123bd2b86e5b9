// The other end of the wire: answers what the client sent, and sends messages, as bytes in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <holdfast/types.hpp>

#include "support/broker_packets.hpp"

namespace holdfast::guard {

class BrokerEnd {
 public:
  /// What the next CONNECT is answered with.
  void keep_session(bool present) noexcept { session_present_ = present; }
  /// Whether PUBLISH and PUBREL are answered.
  void acknowledge(bool all) noexcept { acknowledging_ = all; }

  /// Bytes of the client arrive.
  void receive(std::span<const std::byte> bytes);
  /// Sends a 64-byte message. A packet identifier comes again when it was used for all others.
  void publish(QoS qos);
  /// The connection is gone.
  void lose();

  /// The client has read what came in this turn; in the next, all comes that was sent since.
  void next_turn();
  [[nodiscard]] std::span<const std::byte> arriving() const noexcept {
    return std::as_bytes(std::span(arriving_));
  }

 private:
  void answer(const support::Packet& packet);

  std::string received_;  // Up to the end of a packet.
  std::string sent_;
  std::string arriving_;
  std::uint16_t last_identifier_ = 0;
  bool session_present_ = false;
  bool acknowledging_ = true;
};

}  // namespace holdfast::guard
