// The table of packet identifiers in use.
#include <benchmark/benchmark.h>

#include <deque>

#include "bench/micro/samples.hpp"
#include "session/in_flight.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::micro;
using session::InFlight;
using session::Stage;

// A message goes into flight, and the oldest is acknowledged, with so many in flight all the time.
void publish_and_acknowledge(benchmark::State& state) {
  InFlight in_flight(1);
  std::deque<std::uint16_t> identifiers;
  const auto one = message();
  const auto add = [&] {
    identifiers.push_back(in_flight[in_flight.add(Stage::puback, one)].packet_identifier);
  };
  for (std::int64_t i = 0; i < state.range(0); ++i)
    add();
  for (auto _ : state) {
    in_flight.remove(in_flight.find(identifiers.front()));
    identifiers.pop_front();
    add();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(publish_and_acknowledge)->Arg(1)->Arg(1000)->Arg(65535);

// A PUBREC comes, and the PUBCOMP.
void exactly_once(benchmark::State& state) {
  InFlight in_flight(1);
  const auto one = message();
  for (auto _ : state) {
    const auto index = in_flight.add(Stage::pubrec, one);
    in_flight.to_pubcomp(index);
    in_flight.remove(index);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(exactly_once);

// One identifier is free among all that there are.
void find_the_last_free_identifier(benchmark::State& state) {
  InFlight in_flight(1);
  const auto one = message();
  for (int i = 0; i < 65535; ++i)
    (void)in_flight.add(Stage::puback, one);
  for (auto _ : state) {
    in_flight.remove(in_flight.find(1));
    benchmark::DoNotOptimize(in_flight.add(Stage::puback, one));
  }
}
BENCHMARK(find_the_last_free_identifier);

}  // namespace
