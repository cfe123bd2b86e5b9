#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "session/inbound_message.hpp"
#include "support/catch.hpp"

namespace {

using holdfast::session::InboundMemory;
using holdfast::session::InboundMessage;

InboundMessage::Ptr make(InboundMemory& memory, const std::string& payload) {
  holdfast::wire::Publish publish;
  publish.payload = std::as_bytes(std::span(payload));
  return InboundMessage::make(publish, "a/topic", {}, {}, holdfast::Protocol::mqtt_5, &memory);
}

// Every fifth is large.
std::string text(std::size_t round, std::size_t number) {
  std::string text = std::to_string(round);
  text.append(number % 5 == 0 ? 20'000 + number * 500 : 0, 'x');
  return text;
}

std::string payload_of(const InboundMessage& message) {
  return {reinterpret_cast<const char*>(message.payload().data()), message.payload().size()};
}

}  // namespace

TEST_CASE("messages that share memory keep their own bytes, whatever becomes of the others", "[session]") {
  std::vector<std::pair<std::string, InboundMessage::Ptr>> kept;
  {
    InboundMemory memory;
    for (std::size_t i = 0; i < 1'000; ++i) {
      // Empty, small, larger than a block has room for, and so large that its memory is used again.
      const std::size_t size = i % 10 == 0 ? i * 100 : i * 37 % 1'000;
      const std::string payload(size, static_cast<char>('a' + i % 26));
      auto message = make(memory, payload);
      if (i % 3 != 0) kept.emplace_back(payload, std::move(message));
    }
  }  // What is kept outlives the connection it came on.
  for (const auto& [payload, message] : kept) {
    CHECK(message->topic() == "a/topic");
    CHECK(payload_of(*message) == payload);
    CHECK(reinterpret_cast<std::uintptr_t>(message.get()) % alignof(InboundMessage) == 0);
  }
}

TEST_CASE("a large message takes the memory of one that was read", "[session]") {
  const std::string payload(65'536, 'x');
  InboundMemory memory;
  auto first = make(memory, payload);
  auto second = make(memory, payload);
  const auto* address = second.get();
  first.reset();
  second.reset();
  const std::string occupant(65'600, 'o');  // What the allocator had got back would be in use by now.
  CHECK(make(memory, std::string(60'000, 'z')).get() == address);
  CHECK(make(memory, std::string(30'000, 'y')).get() != address);  // It would be more than half empty.
  CHECK(make(memory, std::string(90'000, 'z')).get() != address);
}

TEST_CASE("memory of earlier messages makes room for that of messages of another size", "[session]") {
  InboundMemory memory;
  {
    std::vector<InboundMessage::Ptr> small;  // Together more than is kept.
    for (int i = 0; i < 200; ++i)
      small.push_back(make(memory, std::string(8'000, 'x')));
  }
  const std::string payload(65'536, 'y');
  auto large = make(memory, payload);
  const auto* address = large.get();
  large.reset();
  const std::string occupant(65'600, 'o');  // As above.
  CHECK(make(memory, payload).get() == address);
}

TEST_CASE("messages are given back by other threads while more of their block are taken", "[session]") {
  constexpr std::size_t rounds = 200;
  InboundMemory memory;
  std::vector<InboundMessage::Ptr> batch;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < 50; ++i)
      batch.push_back(make(memory, text(round, i)));
    auto intact = std::async(std::launch::async, [round, taken = std::exchange(batch, {})]() mutable {
      const auto read = std::exchange(taken, {});
      for (std::size_t i = 0; i < read.size(); ++i) {
        if (payload_of(*read[i]) != text(round, i)) return false;
      }
      return true;
    });
    for (std::size_t i = 0; i < 50; ++i)
      CHECK(payload_of(*make(memory, text(round, i + 1))) == text(round, i + 1));
    CHECK(intact.get());
  }
}
