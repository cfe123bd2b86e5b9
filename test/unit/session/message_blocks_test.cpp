#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "session/inbound_message.hpp"
#include "session/message_blocks.hpp"
#include "support/catch.hpp"

namespace {

using holdfast::session::InboundMessage;
using holdfast::session::MessageBlocks;

InboundMessage::Ptr make(MessageBlocks& blocks, const std::string& payload) {
  holdfast::wire::Publish publish;
  publish.payload = std::as_bytes(std::span(payload));
  return InboundMessage::make(publish, "a/topic", {}, {}, holdfast::Protocol::mqtt_5, &blocks);
}

std::string payload_of(const InboundMessage& message) {
  return {reinterpret_cast<const char*>(message.payload().data()), message.payload().size()};
}

}  // namespace

TEST_CASE("messages that share a block keep their own bytes, whatever becomes of the others", "[session]") {
  std::vector<std::pair<std::string, InboundMessage::Ptr>> kept;
  {
    MessageBlocks blocks;
    for (std::size_t i = 0; i < 1'000; ++i) {
      // Empty, small, and larger than a block has room for.
      const std::string payload(i * 37 % 1'000, static_cast<char>('a' + i % 26));
      auto message = make(blocks, payload);
      if (i % 3 != 0) kept.emplace_back(payload, std::move(message));
    }
  }  // What is kept outlives the connection it came on.
  for (const auto& [payload, message] : kept) {
    CHECK(message->topic() == "a/topic");
    CHECK(payload_of(*message) == payload);
    CHECK(reinterpret_cast<std::uintptr_t>(message.get()) % alignof(InboundMessage) == 0);
  }
}

TEST_CASE("messages are given back by other threads while more of their block are taken", "[session]") {
  constexpr std::size_t rounds = 200;
  MessageBlocks blocks;
  std::vector<InboundMessage::Ptr> batch;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < 50; ++i)
      batch.push_back(make(blocks, std::to_string(round)));
    auto intact = std::async(
        std::launch::async, [expected = std::to_string(round), taken = std::exchange(batch, {})]() mutable {
          const auto read = std::exchange(taken, {});
          return std::all_of(read.begin(), read.end(),
                             [&](const auto& message) { return payload_of(*message) == expected; });
        });
    for (std::size_t i = 0; i < 50; ++i)
      CHECK(payload_of(*make(blocks, "meanwhile")) == "meanwhile");
    CHECK(intact.get());
  }
}
