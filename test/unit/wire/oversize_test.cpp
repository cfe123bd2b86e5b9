#include <vector>

#include "support/catch.hpp"
#include "support/sample_packets.hpp"
#include "wire/encoder.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"

using namespace holdfast;
using support::Bytes;

namespace {

Bytes publish(QoS qos, std::size_t payload_size) {
  const Bytes payload(payload_size, std::byte{'x'});
  Bytes bytes;
  const std::uint16_t identifier = qos == QoS::at_most_once ? 0 : 77;
  wire::encode(
      wire::Publish{.qos = qos, .topic = "topic", .packet_identifier = identifier, .payload = payload},
      wire::Version::mqtt_5, bytes);
  return bytes;
}

struct Seen {
  std::vector<wire::Step> steps;
  wire::Oversize oversize;
};

Seen feed(const Bytes& bytes, std::uint32_t maximum, std::size_t piece) {
  wire::FrameDecoder decoder(maximum);
  Seen seen;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    decoder.feed(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    wire::Frame frame;
    for (;;) {
      const wire::Step step = decoder.next(frame, seen.oversize);
      if (step == wire::Step::need_more) break;
      seen.steps.push_back(step);
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("a packet of exactly the maximum is a packet, one byte more is oversize", "[wire][decoder]") {
  const Bytes bytes = publish(QoS::at_least_once, 100);
  const auto size = static_cast<std::uint32_t>(bytes.size());
  CHECK(feed(bytes, size, bytes.size()).steps == std::vector{wire::Step::frame});
  CHECK(feed(bytes, size - 1, bytes.size()).steps == std::vector{wire::Step::oversize});
}

TEST_CASE("an oversized PUBLISH tells its identifier, and what follows is decoded, in pieces of any size",
          "[wire][decoder]") {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 1000U, 100000U}) {
    for (const auto qos : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once}) {
      CAPTURE(piece, static_cast<int>(qos));
      Bytes bytes = publish(qos, 5000);
      wire::encode(wire::Pingresp{}, bytes);
      const Seen seen = feed(bytes, 100, piece);
      CHECK(seen.steps == std::vector{wire::Step::oversize, wire::Step::frame});
      CHECK(seen.oversize.qos == qos);
      CHECK(seen.oversize.packet_identifier.has_value() == (qos != QoS::at_most_once));
      CHECK(seen.oversize.packet_identifier.value_or(77) == 77);
    }
  }
}

TEST_CASE("a claimed length allocates nothing before its bytes come", "[wire][decoder]") {
  // 256 MiB claimed, a few bytes sent, ten thousand times: without care this is 2.5 TiB.
  const Bytes claim{std::byte{0x30}, std::byte{0xFF}, std::byte{0xFF},
                    std::byte{0xFF}, std::byte{0x7F}, std::byte{0}};
  std::vector<wire::FrameDecoder> decoders;
  for (int i = 0; i < 10000; ++i) {
    wire::FrameDecoder& decoder = decoders.emplace_back(268'435'460U);
    decoder.feed(claim);
    wire::Frame frame;
    wire::Oversize oversize;
    REQUIRE(decoder.next(frame, oversize) == wire::Step::need_more);
  }
}

TEST_CASE("after a malformed packet the decoder says so again until it is reset", "[wire][decoder]") {
  wire::FrameDecoder decoder(1000);
  const Bytes wrong{std::byte{0x00}, std::byte{0x00}};
  const Bytes right{std::byte{0xD0}, std::byte{0x00}};
  wire::Frame frame;
  wire::Oversize oversize;
  decoder.feed(wrong);
  CHECK(decoder.next(frame, oversize) == wire::Step::malformed);
  decoder.feed(right);
  CHECK(decoder.next(frame, oversize) == wire::Step::malformed);
  decoder.reset();
  decoder.feed(right);
  CHECK(decoder.next(frame, oversize) == wire::Step::frame);
}
