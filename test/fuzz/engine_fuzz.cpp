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
#include "fuzz/engine_process.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace holdfast;
using namespace holdfast::fuzz;
using namespace std::chrono_literals;

namespace {

// Long enough for every state, short enough for thousands of days a second.
constexpr std::size_t steps_max = 300;

Options options_from(Input& input) {
  Options options;
  options.client_id = input.one_in(4) ? "" : "client";
  const std::uint8_t choices = input.byte();
  options.strict_peer = (choices & 1) != 0;
  options.resubscribe = (choices & 2) == 0;
  options.lower_qos = (choices & 4) != 0;
  options.on_session_lost = (choices & 8) != 0 ? OnSessionLost::fail : OnSessionLost::republish;
  if ((choices & 16) != 0 && !options.client_id.empty())
    options.store = std::make_shared<store::MemoryStore>(session::RangeLimits{}, 1);
  if ((choices & 32) != 0) options.session_end = SessionEnd::by_clock;
  if ((choices & 64) != 0) options.server_group = ServerGroup::cluster;
  if ((choices & 128) != 0) options.connect_properties.request_problem_information = false;
  options.session_expiry = input.one_of<std::chrono::seconds>(std::array{3'600s, 0s, 60s, never_expires});
  options.start = input.one_of(std::array{Start::automatic, Start::automatic, Start::clean, Start::resume});
  if (options.client_id.empty()) options.start = Start::automatic;
  using Maximum = std::optional<std::uint16_t>;
  options.connect_properties.receive_maximum = input.one_of(std::array{Maximum(), Maximum(1), Maximum(3)});
  options.connect_properties.topic_alias_maximum = input.one_of(std::array{Maximum(), Maximum(2)});
  using Size = std::optional<std::uint32_t>;
  options.connect_properties.maximum_packet_size = input.one_of(std::array{Size(), Size(40), Size(1'000)});
  options.in_flight_max = input.one_of(std::array<std::uint16_t, 4>{65535, 1, 2, 10});
  options.replay_rate = input.one_of(std::array{0U, 1U, 1'000U});
  options.poison_after = input.one_of(std::array{5U, 0U, 1U});
  options.keep_alive = input.one_of<std::chrono::seconds>(std::array{60s, 0s, 1s, 65'535s});
  using Time = std::optional<std::chrono::milliseconds>;
  options.acknowledgement_timeout = input.one_of(std::array{Time(), Time(1ms), Time(10'000ms)});
  return options;
}

void publish(Input& input, EngineProcess& process) {
  static constexpr std::array<std::string_view, 3> topics{"t", "a/b", "a/rather/long/topic/of/many/levels"};
  const auto topic = input.one_of(topics);
  const auto size = input.one_of(std::array<std::size_t, 6>{4, 5, 30, 100, 2'100, 100'000});
  const auto qos = static_cast<QoS>(input.below(3));
  const auto expiry =
      input.one_of(std::array<session::TimePoint, 3>{session::never, process.now() + 1s, process.now() + 1h});
  process.publish(topic, size, qos, input.one_in(8), expiry);
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
  request.ticket = 1;
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
  if (input.one_in(3)) options.session_expiry_interval = std::chrono::seconds(input.byte());
  if (input.one_in(3)) options.reason_string = "goodbye";
  process.disconnect(options);
}

session::End end_from(Input& input) {
  using session::End;
  return input.one_of(std::array{End::closed_by_peer, End::lost, End::sent_away, End::taken_over});
}

void step(Input& input, EngineProcess& process, std::vector<std::byte>& bytes) {
  static constexpr std::array<std::chrono::nanoseconds, 6> times{1ms, 0ms, 1s, 31s, 61s, 2h};
  bytes.clear();
  switch (input.below(20)) {
    case 0:
      return process.pass(input.one_of(times));
    case 1:
      return process.pass_to_deadline();
    case 2:
      return process.connect();
    case 3:
      return process.lose(end_from(input));
    case 4:
      return process.write(input.byte());
    case 5:
      return process.write(std::size_t(-1));
    case 6:
    case 7:
      append_packet(input, bytes);
      return process.receive(bytes, false);
    case 8:  // Several at once, perhaps cut off.
      for (std::size_t i = 0, count = 1 + input.below(4); i < count; ++i)
        append_packet(input, bytes);
      if (input.one_in(4)) bytes.resize(bytes.size() - std::min<std::size_t>(input.byte(), bytes.size()));
      return process.receive(bytes, true);
    case 9: {
      const auto raw = input.bytes(input.below(32));
      return process.receive(raw, input.one_in(2));
    }
    case 10:
    case 11:  // An honest broker.
      append_answers(1 + input.below(8), process.unanswered(), bytes);
      return process.receive(bytes, true);
    case 12:
      process.connect();
      append_connack(input, bytes);
      return process.receive(bytes, false);
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
    default:
      return input.one_in(2) ? process.drop_newest() : process.crash();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::as_bytes(std::span(data, size)));
  EngineProcess process(options_from(input));
  std::vector<std::byte> bytes;
  for (std::size_t steps = 0; steps < steps_max && !input.empty(); ++steps) {
    step(input, process, bytes);
    process.settle();
  }
  process.end();
  return 0;
}
