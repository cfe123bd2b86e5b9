#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/sample_packets.hpp"
#include "wire/encoder.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"

using namespace holdfast;
using support::Bytes;

namespace {

constexpr std::uint32_t no_limit = 268'435'460;

Bytes decode_and_encode(wire::FrameDecoder& decoder, std::span<const std::byte> piece, Bytes all = {},
                        wire::Version version = wire::Version::mqtt_5) {
  decoder.feed(piece);
  wire::Frame frame;
  wire::Oversize oversize;
  for (;;) {
    const wire::Step step = decoder.next(frame, oversize);
    if (step == wire::Step::need_more) return all;
    REQUIRE(step == wire::Step::frame);
    Bytes again;
    wire::DecodeError error{ReasonCode::success, {}};
    const bool valid = support::parse_and_encode(frame, again, error, version);
    CAPTURE(std::string(error.what));
    REQUIRE(valid);
    all.insert(all.end(), again.begin(), again.end());
  }
}

Bytes stream_of_all_packets() {
  Bytes stream;
  for (const auto& packet : support::sample_packets()) {
    stream.insert(stream.end(), packet.bytes.begin(), packet.bytes.end());
  }
  return stream;
}

}  // namespace

TEST_CASE("every packet with every property comes back as it was", "[wire][round-trip]") {
  for (const auto& packet : support::sample_packets()) {
    CAPTURE(packet.name);
    wire::FrameDecoder decoder(no_limit);
    CHECK(decode_and_encode(decoder, packet.bytes) == packet.bytes);
  }
}

TEST_CASE("every packet of MQTT 3.1.1 comes back as it was, and none is one of MQTT 5 with more in it",
          "[wire][round-trip][mqtt311]") {
  for (const auto& packet : support::sample_packets(wire::Version::mqtt_3_1_1)) {
    CAPTURE(packet.name);
    wire::FrameDecoder decoder(no_limit);
    CHECK(decode_and_encode(decoder, packet.bytes, {}, wire::Version::mqtt_3_1_1) == packet.bytes);
  }
}

TEST_CASE("all fifteen packet types are among the samples", "[wire][round-trip]") {
  for (int type = 1; type <= 15; ++type) {
    const auto& packets = support::sample_packets();
    CHECK(std::any_of(packets.begin(), packets.end(),
                      [=](const auto& p) { return static_cast<int>(p.type) == type; }));
  }
}

TEST_CASE("a stream of packets decodes alike for every place where it is split", "[wire][decoder]") {
  const Bytes stream = stream_of_all_packets();
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    CAPTURE(split);
    wire::FrameDecoder decoder(no_limit);
    Bytes again = decode_and_encode(decoder, std::span(stream).first(split));
    again = decode_and_encode(decoder, std::span(stream).subspan(split), std::move(again));
    REQUIRE(again == stream);
  }
}

TEST_CASE("a stream of packets decodes alike one byte at a time", "[wire][decoder]") {
  const Bytes stream = stream_of_all_packets();
  wire::FrameDecoder decoder(no_limit);
  Bytes again;
  for (const std::byte& one : stream)
    again = decode_and_encode(decoder, std::span(&one, 1), std::move(again));
  CHECK(again == stream);
}

TEST_CASE("a whole packet is handed out as a view into the bytes that were fed", "[wire][decoder]") {
  Bytes bytes;
  wire::encode(wire::Publish{.topic = "t", .payload = std::as_bytes(std::span("payload", 7))},
               wire::Version::mqtt_5, bytes);
  wire::FrameDecoder decoder(no_limit);
  decoder.feed(bytes);
  wire::Frame frame;
  wire::Oversize oversize;
  REQUIRE(decoder.next(frame, oversize) == wire::Step::frame);
  CHECK(frame.body.data() == bytes.data() + 2);
  CHECK(wire::parse_publish(frame, wire::Version::mqtt_5)->payload.data() == bytes.data() + bytes.size() - 7);
}

TEST_CASE("a successful acknowledgement takes four bytes", "[wire][encoder]") {
  Bytes bytes;
  wire::encode(wire::Acknowledgement{wire::PacketType::pubrel, 0x1234}, wire::Version::mqtt_5, bytes);
  CHECK(bytes == Bytes{std::byte{0x62}, std::byte{2}, std::byte{0x12}, std::byte{0x34}});
}

TEST_CASE("absent properties are shown as length 0", "[wire][encoder][MQTT-2.2.2-1]") {
  Bytes bytes;
  wire::encode(wire::Publish{.topic = "t"}, wire::Version::mqtt_5, bytes);
  CHECK(bytes ==
        Bytes{std::byte{0x30}, std::byte{4}, std::byte{0}, std::byte{1}, std::byte{'t'}, std::byte{0}});
}

TEST_CASE("properties are found by name, and user properties keep their order", "[wire][property]") {
  Bytes bytes;
  wire::PropertyWriter(bytes)
      .user_property("a", "1")
      .number(wire::PropertyId::message_expiry_interval, 70000)
      .string(wire::PropertyId::content_type, "text")
      .binary(wire::PropertyId::correlation_data, std::as_bytes(std::span("xy", 2)))
      .user_property("a", "2");
  const wire::PropertiesView view(bytes);
  CHECK(view.number(wire::PropertyId::message_expiry_interval) == 70000U);
  CHECK(view.string(wire::PropertyId::content_type) == "text");
  CHECK(view.binary(wire::PropertyId::correlation_data)->size() == 2);
  CHECK_FALSE(view.number(wire::PropertyId::topic_alias));
  CHECK_FALSE(view.string(wire::PropertyId::response_topic));
  std::vector<std::string> values;
  for (const wire::Property& property : view) {
    if (property.id == wire::PropertyId::user_property) {
      values.emplace_back(std::get<wire::Property::Pair>(property.value).second);
    }
  }
  CHECK(values == std::vector<std::string>{"1", "2"});
}
