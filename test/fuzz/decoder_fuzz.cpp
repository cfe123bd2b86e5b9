// Any bytes, fed in one piece or in any split, give packets or an error with a reason code, never anything
// else; and a packet that was taken is encoded and taken again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "support/sample_packets.hpp"
#include "wire/encoder.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"

using namespace holdfast;
using support::Bytes;

namespace {

constexpr std::uint32_t maximum_packet_size = 4096;  // Small, so that oversized packets are common.

void require(bool holds) {
  if (!holds) std::abort();
}

// What a stream of bytes turns out to be: packets encoded again, and how it ended.
struct Outcome {
  Bytes packets;
  std::vector<ReasonCode> refusals;
  std::size_t oversized = 0;
  bool malformed = false;

  bool operator==(const Outcome&) const = default;
};

void take(const wire::Frame& frame, wire::Version version, Outcome& outcome) {
  Bytes again;
  wire::DecodeError error{ReasonCode::success, {}};
  if (support::parse_and_encode(frame, again, error, version)) {
    outcome.packets.insert(outcome.packets.end(), again.begin(), again.end());
  } else {
    require(is_error(error.reason) && !error.what.empty());
    outcome.refusals.push_back(error.reason);
  }
}

Outcome decode(std::span<const std::byte> input, std::size_t piece, wire::Version version) {
  wire::FrameDecoder decoder(maximum_packet_size);
  Outcome outcome;
  while (!input.empty() && !outcome.malformed) {
    // Each piece lies in memory of its own, so that reading beyond it is found.
    const Bytes fed(input.begin(),
                    input.begin() + static_cast<std::ptrdiff_t>(std::min(piece, input.size())));
    input = input.subspan(fed.size());
    decoder.feed(fed);
    wire::Frame frame;
    wire::Oversize oversize;
    for (auto step = decoder.next(frame, oversize); step != wire::Step::need_more;
         step = decoder.next(frame, oversize)) {
      if (step == wire::Step::frame) take(frame, version, outcome);
      if (step == wire::Step::oversize) ++outcome.oversized;
      outcome.malformed = step == wire::Step::malformed;
      if (outcome.malformed) break;
    }
  }
  if (outcome.malformed) require(is_error(decoder.error().reason) && !decoder.error().what.empty());
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  const auto version = data[0] < 128 ? wire::Version::mqtt_5 : wire::Version::mqtt_3_1_1;
  const Outcome whole = decode(input, input.size() + 1, version);
  require(decode(input, std::size_t{data[0]} % 16 + 1, version) == whole);
  // What was taken is valid as it was encoded: every packet comes back, the same.
  const Outcome again = decode(whole.packets, whole.packets.size() + 1, version);
  require(again.packets == whole.packets && again.refusals.empty() && !again.malformed);
  return 0;
}
