// What a store has to give back: the committed records, told a second time and compared with every snapshot.
// And the rule that makes crashes harmless: no packet that promises something leaves before its record.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "session/record.hpp"
#include "support/broker_packets.hpp"

namespace holdfast::simulation {

class StoreCheck {
 public:
  void on_committed(const session::Journal& journal);
  /// A process starts with this.
  void check(const session::Snapshot& snapshot) const;
  /// This packet has left the client entirely.
  void on_left(const support::Packet& packet) const;

  [[nodiscard]] bool holds_message(std::uint32_t number) const { return messages_.count(number) != 0; }
  [[nodiscard]] bool holds_received(std::uint16_t packet_identifier) const {
    return received_.count(packet_identifier) != 0;
  }
  [[nodiscard]] std::optional<std::chrono::seconds> held_expiry() const noexcept { return held_; }

 private:
  struct Message {
    std::uint64_t sequence = 0;
    std::uint16_t packet_identifier = 0;
    bool released = false;
    std::uint64_t step = 0;  // Counts records: the order of sending, or of the PUBRECs.
  };
  class Apply;

  [[nodiscard]] std::map<std::uint64_t, std::uint32_t> expected_order() const;

  std::map<std::uint32_t, Message> messages_;       // By number.
  std::map<std::uint64_t, std::uint32_t> numbers_;  // By sequence.
  std::set<std::uint16_t> held_identifiers_;
  std::set<std::uint16_t> received_;
  std::map<std::uint16_t, std::uint64_t> exchanges_;  // Of the session, by inbound packet identifier.
  std::uint64_t sessions_ended_ = 0;
  std::set<std::string> filters_;
  std::optional<std::chrono::seconds> held_;
  std::uint64_t steps_ = 0;
};

}  // namespace holdfast::simulation
