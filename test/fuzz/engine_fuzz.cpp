// A day in the life of the protocol engine, as any bytes tell it: the options, then one step after the other.
// Brokers honest, sloppy and mad, networks and processes that break; and whatever happens, what EngineWatch
// and EngineProcess check holds.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/broker_grammar.hpp"
#include "fuzz/engine_options.hpp"
#include "fuzz/engine_process.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace holdfast;
using namespace holdfast::fuzz;
using namespace std::chrono_literals;

namespace {

using Pieces = EngineProcess::Pieces;

void publish(Input& input, EngineProcess& process) {
  static constexpr std::array<std::string_view, 3> topics{"t", "a/b", "a/rather/long/topic/of/many/levels"};
  const auto topic = input.one_of(topics);
  // The largest fill the output, which costs time; a few do.
  const auto size = input.one_in(64) ? 100'000 : input.one_of(std::array<std::size_t, 4>{4, 30, 100, 2'100});
  const auto qos = static_cast<QoS>(input.below(3));
  const auto expiry =
      input.one_of(std::array<session::TimePoint, 3>{session::never, process.now() + 1s, process.now() + 1h});
  const bool retain = input.one_in(8);
  const std::size_t count = input.one_in(8) ? 1 + input.below(40) : 1;
  for (std::size_t i = 0; i < count; ++i)
    process.publish(topic, count == 1 ? size : 4, qos, retain, expiry);
}

void request(Input& input, EngineProcess& process) {
  static constexpr std::array<std::string_view, 5> filters{"t", "#", "a/+", "$share/g/t",
                                                           "a/rather/long/filter"};
  session::SubscriptionRequest request;
  if (input.one_in(3)) request.kind = session::SubscriptionRequest::Kind::unsubscribe;
  for (std::size_t i = 0, count = 1 + input.below(3); i < count; ++i) {
    TopicFilter filter{std::string(input.one_of(filters)), {}};
    filter.options.qos = static_cast<QoS>(input.below(3));
    request.subscriptions.push_back(std::move(filter));
  }
  if (input.one_in(3) && request.kind == session::SubscriptionRequest::Kind::subscribe)
    request.properties.subscription_identifier = 1 + input.byte();

  process.request(std::move(request));
}

void answer(Input& input, EngineProcess& process) {
  const auto reason = input.one_of(
      std::array{ReasonCode::success, ReasonCode::quota_exceeded, ReasonCode::payload_format_invalid});
  AcknowledgementProperties properties;
  if (input.one_in(2)) properties.reason_string = "said so";
  if (input.one_in(2)) properties.user_properties = {{"name", "value"}};
  process.answer(input.byte(), reason, properties);
}

void disconnect(Input& input, EngineProcess& process) {
  DisconnectOptions options;
  // What the client's own check lets through.
  if (process.options().protocol != Protocol::mqtt_3_1_1) {
    const bool lasts = process.options().session_expiry != 0s;
    if (lasts && input.one_in(3)) options.session_expiry_interval = std::chrono::seconds(input.byte());
    if (input.one_in(3)) options.reason_string = "goodbye";
  }
  process.disconnect(options);
}

// Now and then by a broker that asks and asks.
void challenge(Input& input, EngineProcess& process, std::vector<std::byte>& bytes) {
  append_auth(input, process.greeting(), bytes);
  for (std::size_t i = 0, count = input.one_in(8) ? 20 : 1; i < count; ++i)
    process.receive(bytes, Pieces::packets);
}

session::End end_from(Input& input) {
  using session::End;
  return input.one_of(std::array{End::closed_by_peer, End::lost, End::sent_away, End::taken_over});
}

void step(Input& input, EngineProcess& process, std::vector<std::byte>& bytes) {
  static constexpr std::array<std::chrono::nanoseconds, 6> times{1ms, 0ms, 1s, 31s, 61s, 2h};
  bytes.clear();
  switch (input.below(23)) {
    case 0:
      return process.pass(input.one_of(times));
    case 1:
      return process.pass_to_deadline();
    case 2:
      return process.connect(input.one_in(8) ? 1 : 0);
    case 3:
      return process.lose(end_from(input));
    case 4:
      return process.write(input.byte());
    case 5:
      return process.write(std::size_t(-1));
    case 6:
    case 7:
      append_packet(input, process.greeting(), bytes);
      return process.receive(bytes, Pieces::packets);
    case 8:  // Several at once, perhaps cut off.
      for (std::size_t i = 0, count = 1 + input.below(4); i < count; ++i)
        append_packet(input, process.greeting(), bytes);
      if (input.one_in(4)) bytes.resize(bytes.size() - std::min<std::size_t>(input.byte(), bytes.size()));
      return process.receive(bytes, Pieces::all);
    case 9: {
      const auto raw = input.bytes(input.below(32));
      return process.receive(raw, input.one_of(std::array{Pieces::packets, Pieces::all, Pieces::bytes}));
    }
    case 10:
    case 11:  // An honest broker.
      append_answers(input, process.greeting(), process.unanswered(), bytes);
      return process.receive(bytes, Pieces::all);
    case 12:
      process.connect(input.one_in(8) ? 1 : 0);
      append_connack(input, process.greeting(), bytes);
      return process.receive(bytes, input.one_of(std::array{Pieces::packets, Pieces::bytes}));
    case 13:
    case 14:
      return publish(input, process);
    case 15:
      return request(input, process);
    case 16:
      return process.acknowledge(input.byte());
    case 17:
      return answer(input, process);
    case 18:
      return input.one_in(4) ? disconnect(input, process) : process.set_reading(input.one_in(2));
    case 19:
      return challenge(input, process, bytes);
    case 20:
      return process.reauthenticate();
    case 21:  // An honest broker, and a line that takes everything.
      process.write(std::size_t(-1));
      append_answers(input, process.greeting(), process.unanswered(), bytes);
      return process.receive(bytes, Pieces::all);
    default:
      return input.one_in(2) ? process.drop_newest() : process.crash();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::as_bytes(std::span(data, size)));
  EngineProcess process(options_from(input));
  std::vector<std::byte> bytes;
  if (input.one_in(2)) {
    process.connect(0);
    append_welcome(process.greeting(), bytes);
    process.receive(bytes, Pieces::packets);
    process.settle();
  }
  while (!input.empty()) {
    step(input, process, bytes);
    process.settle();
  }
  process.end();
  return 0;
}
