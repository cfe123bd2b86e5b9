// An Inbox with what it needs, and shorter words for what the tests do with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/inbox.hpp"
#include "tools.hpp"

namespace holdfast::test {

using Identifiers = std::vector<std::uint16_t>;

struct InboxUnderTest {
  struct Settings {
    Ack ack = Ack::on_handover;
    InboxFull when_full = InboxFull::pause;
    std::size_t messages_max = 1000;
    std::size_t bytes_max = 1'000'000;
  };

  InboxUnderTest() : InboxUnderTest(Settings{}) {}
  explicit InboxUnderTest(const Settings& settings)
      : inbox(std::make_shared<client::Inbox>(
            client::Inbox::Settings{settings.ack, settings.when_full, settings.messages_max,
                                    settings.bytes_max},
            doorbell, readiness)) {}

  /// One exchange, as the network thread does it; acknowledgements are kept in `acknowledged`.
  template <class... Inbound>
  void deliver(Inbound... arrived) {
    (messages.push_back(std::move(arrived)), ...);
    exchange(false);
  }
  void exchange(bool reading_on) {
    std::vector<session::InboundToken> tokens;
    inbox->exchange(messages, tokens, reading_on);
    acknowledged.insert(acknowledged.end(), tokens.begin(), tokens.end());
  }
  /// `count` QoS 0 messages in one exchange, numbered on from `first`.
  void flood(int first, int count, bool reading_on = false) {
    for (int i = first; i < first + count; ++i)
      messages.push_back(inbound(std::to_string(i)));
    exchange(reading_on);
  }

  std::vector<std::string> receive_all() const {
    std::vector<std::string> payloads;
    while (const auto message = inbox->receive(no_wait))
      payloads.emplace_back(message->payload());
    return payloads;
  }

  /// What was acknowledged since the last call.
  Identifiers acknowledged_identifiers() {
    exchange(false);
    Identifiers identifiers;
    for (const auto token : std::exchange(acknowledged, {}))
      identifiers.push_back(token.packet_identifier);
    return identifiers;
  }

  /// Whether the doorbell rang for a network thread that sleeps.
  template <class Action>
  bool rang_while(Action&& action) {
    doorbell->declare_sleep();
    action();
    return wake_up(*doorbell);
  }

  const std::shared_ptr<client::Doorbell> doorbell = std::make_shared<client::Doorbell>();
  const std::shared_ptr<client::Readiness> readiness = std::make_shared<client::Readiness>();
  const std::shared_ptr<client::Inbox> inbox;
  std::vector<session::InboundMessage::Ptr> messages;
  std::vector<session::InboundToken> acknowledged;
};

}  // namespace holdfast::test
