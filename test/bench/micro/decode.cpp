// From the bytes of a read to packets.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "bench/micro/samples.hpp"
#include "wire/encoder.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::micro;

constexpr std::size_t packets_a_read = 1000;
constexpr std::uint32_t largest_packet = 268'435'460;

template <class Packet>
std::vector<std::byte> stream_of(const Packet& packet) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < packets_a_read; ++i)
    wire::encode(packet, wire::Version::mqtt_5, bytes);
  return bytes;
}

/// Feeds `stream` in pieces of `piece` bytes and parses every packet in it.
template <class Parse>
void decode_again_and_again(benchmark::State& state, const std::vector<std::byte>& stream, std::size_t piece,
                            Parse&& parse) {
  wire::FrameDecoder decoder(largest_packet);
  for (auto _ : state) {
    for (std::span<const std::byte> rest(stream); !rest.empty();) {
      const std::size_t size = std::min(piece, rest.size());
      decoder.feed(rest.first(size));
      rest = rest.subspan(size);
      wire::Frame frame;
      wire::Oversize oversize;
      while (decoder.next(frame, oversize) == wire::Step::frame)
        benchmark::DoNotOptimize(parse(frame));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(packets_a_read));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}

bool parse_publish(const wire::Frame& frame) {
  return static_cast<bool>(wire::parse_publish(frame, wire::Version::mqtt_5));
}

void decode_publish(benchmark::State& state) {
  const auto bytes = payload(static_cast<std::size_t>(state.range(0)));
  const auto stream = stream_of(publish(bytes));
  decode_again_and_again(state, stream, stream.size(), parse_publish);
}
BENCHMARK(decode_publish)->Arg(16)->Arg(64)->Arg(256)->Arg(4096);

void decode_publish_with_properties(benchmark::State& state) {
  const auto bytes = payload();
  const auto encoded = properties();
  const auto stream = stream_of(publish(bytes, encoded));
  decode_again_and_again(state, stream, stream.size(), parse_publish);
}
BENCHMARK(decode_publish_with_properties);

// As they come where a network cuts them: every packet in about two pieces.
void decode_publish_in_pieces(benchmark::State& state) {
  const auto bytes = payload();
  decode_again_and_again(state, stream_of(publish(bytes)), 64, parse_publish);
}
BENCHMARK(decode_publish_in_pieces);

void decode_puback(benchmark::State& state) {
  const auto stream =
      stream_of(wire::Acknowledgement{.type = wire::PacketType::puback, .packet_identifier = 17});
  decode_again_and_again(state, stream, stream.size(), [](const wire::Frame& frame) {
    return static_cast<bool>(wire::parse_acknowledgement(frame, wire::Version::mqtt_5));
  });
}
BENCHMARK(decode_puback);

}  // namespace
