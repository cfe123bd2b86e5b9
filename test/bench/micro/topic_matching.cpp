// Which filter matches, and which subscription's handle gets a message.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>

#include <holdfast/topic.hpp>

#include "bench/micro/samples.hpp"
#include "client/subscribers.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::micro;

void match(benchmark::State& state, std::string_view filter) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(filter);
    benchmark::DoNotOptimize(topic_matches(filter, topic));
  }
}
BENCHMARK_CAPTURE(match, the_same, "plant/17/temperature");
BENCHMARK_CAPTURE(match, plus, "plant/+/temperature");
BENCHMARK_CAPTURE(match, number_sign, "plant/#");
BENCHMARK_CAPTURE(match, shared, "$share/group/plant/+/temperature");
BENCHMARK_CAPTURE(match, another_one, "plant/17/pressure");

/// Handles, each with one filter; the last one's matches the messages.
struct Handles {
  explicit Handles(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string filter = i + 1 == count ? "plant/17/+" : "plant/" + std::to_string(100 + i) + "/+";
      const std::array<TopicFilter, 1> filters{TopicFilter{filter}};
      all.push_back(subscribers.open(filters, std::nullopt, {}, Ack::on_handover, true));
    }
  }

  const Options options{.client_id = "holdfast"};
  const std::shared_ptr<client::Inbox> rest = std::make_shared<client::Inbox>(
      client::Inbox::Settings{Ack::on_handover, InboxFull::pause, 1000, 1'000'000},
      std::make_shared<client::Doorbell>(), std::make_shared<client::Readiness>());
  client::Subscribers subscribers{rest, 1};
  std::vector<std::shared_ptr<client::Subscriber>> all;
  session::Engine engine{options, {}, 0};
};

void look_up(benchmark::State& state, Handles& handles, std::span<const std::byte> identifier) {
  const auto bytes = payload();
  wire::Publish publish = micro::publish(bytes, identifier);
  publish.qos = QoS::at_most_once;
  std::vector<session::InboundMessage::Ptr> received;
  client::Inbox& inbox = *handles.all.back()->inbox;
  for (auto _ : state) {
    received.push_back(session::InboundMessage::make(publish, topic, {}));
    handles.subscribers.route(received, handles.engine);
    benchmark::DoNotOptimize(inbox.receive({}));
  }
  state.SetItemsProcessed(state.iterations());
}

// The broker says whom a message is for.
void look_up_by_identifier(benchmark::State& state) {
  Handles handles(state.range(0));
  std::vector<std::byte> encoded;
  wire::PropertyWriter(encoded).number(wire::PropertyId::subscription_identifier,
                                       handles.all.back()->identifier.value());
  look_up(state, handles, encoded);
}
BENCHMARK(look_up_by_identifier)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

// It does not: the filters do.
void look_up_by_filter(benchmark::State& state) {
  Handles handles(state.range(0));
  look_up(state, handles, {});
}
BENCHMARK(look_up_by_filter)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

}  // namespace
