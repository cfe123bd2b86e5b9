// From packets to bytes.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.hpp"
#include "wire/encoder.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::micro;

// What is encoded between two writes; the buffer keeps its memory, as the engine's does.
constexpr std::size_t high_water = std::size_t{256} << 10;

template <class Packet>
void encode_again_and_again(benchmark::State& state, const Packet& packet) {
  std::vector<std::byte> out;
  for (auto _ : state) {
    if (out.size() >= high_water) out.clear();
    wire::encode(packet, wire::Version::mqtt_5, out);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

void encode_publish(benchmark::State& state) {
  const auto bytes = payload(static_cast<std::size_t>(state.range(0)));
  encode_again_and_again(state, publish(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_publish)->Arg(16)->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

void encode_publish_with_properties(benchmark::State& state) {
  const auto bytes = payload();
  const auto encoded = properties();
  encode_again_and_again(state, publish(bytes, encoded));
}
BENCHMARK(encode_publish_with_properties);

// As for a payload that goes by reference.
void encode_publish_header(benchmark::State& state) {
  const auto bytes = payload(65536);
  std::vector<std::byte> out;
  for (auto _ : state) {
    if (out.size() >= high_water) out.clear();
    wire::encode_publish_header(publish(bytes), wire::Version::mqtt_5, out);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(encode_publish_header);

void encode_puback(benchmark::State& state) {
  encode_again_and_again(state,
                         wire::Acknowledgement{.type = wire::PacketType::puback, .packet_identifier = 17});
}
BENCHMARK(encode_puback);

void encode_subscribe(benchmark::State& state) {
  encode_again_and_again(
      state, wire::Subscribe{.packet_identifier = 17, .subscriptions = {{.filter = "plant/+/temperature"}}});
}
BENCHMARK(encode_subscribe);

}  // namespace
