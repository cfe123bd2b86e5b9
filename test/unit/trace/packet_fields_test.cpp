#include "packet_fields.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/sample_packets.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using support::Bytes;
using wire::Version;

namespace {

TracedPacket whole(const Bytes& bytes) {
  return {bytes, std::vector<bool>(bytes.size(), false), bytes.size()};
}

// Empty if the fields, without those of bits, cover each byte once and in order; else where they do not.
std::string gap_in(const PacketFields& packet, std::size_t size) {
  std::size_t end = 0;
  for (const PacketField& field : packet.fields) {
    if (field.kind == PacketField::Kind::bits) continue;
    if (field.offset != end) return field.name + " at " + std::to_string(field.offset);
    end += field.size;
  }
  return end == size ? "" : "end at " + std::to_string(end) + " of " + std::to_string(size);
}

Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes result;
  for (const unsigned value : values)
    result.push_back(static_cast<std::byte>(value));
  return result;
}

}  // namespace

TEST_CASE("each byte of each packet belongs to a field that is explained", "[trace]") {
  const Version version = GENERATE(Version::mqtt_3_1_1, Version::mqtt_5);
  for (const auto& sample : support::sample_packets(version)) {
    CAPTURE(version, sample.name);
    const PacketFields packet = fields_of(whole(sample.bytes), version);
    CHECK(gap_in(packet, sample.bytes.size()) == "");
    CHECK(packet.fault == "");
    CHECK(packet.value_of("Unknown") == "");
    for (const PacketField& field : packet.fields) {
      CAPTURE(field.name);
      CHECK(meaning_of(field.name) != "");
    }
  }
}

TEST_CASE("of a packet whose end is not in the trace the beginning is told, and no fault is found in it",
          "[trace]") {
  for (const auto& sample : support::sample_packets()) {
    for (std::size_t size = 1; size < sample.bytes.size(); ++size) {
      CAPTURE(sample.name, size);
      const auto end = sample.bytes.begin() + static_cast<std::ptrdiff_t>(size);
      TracedPacket packet = whole(Bytes(sample.bytes.begin(), end));
      packet.size = sample.bytes.size();
      const PacketFields found = fields_of(packet, Version::mqtt_5);
      REQUIRE(gap_in(found, size) == "");
      REQUIRE(found.fault == "");
    }
  }
}

TEST_CASE("whatever the bytes, all of them are in a field", "[trace]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const auto& sample : support::sample_packets()) {
    for (int i = 0; i < 200; ++i) {
      Bytes changed = sample.bytes;
      changed[random() % changed.size()] = static_cast<std::byte>(random());
      changed.resize(1 + random() % changed.size());
      CAPTURE(sample.name, i);
      REQUIRE(gap_in(fields_of(whole(changed), Version::mqtt_5), changed.size()) == "");
    }
  }
}

TEST_CASE("the fields of a PUBLISH have the names and values of the specification", "[trace]") {
  const auto packet = whole(bytes({0x3A, 0x0D, 0, 1, 't', 0x12, 0x34, 5, 0x02, 0, 0, 0, 60, 'h', 0x0A}));
  const PacketFields found = fields_of(packet, Version::mqtt_5);
  CHECK(found.value_of("Packet Type and Flags") == "PUBLISH");
  CHECK(found.value_of("DUP") == "1");
  CHECK(found.value_of("QoS") == "1");
  CHECK(found.value_of("RETAIN") == "0");
  CHECK(found.value_of("Remaining Length") == "13");
  CHECK(found.value_of("Topic Name") == "\"t\"");
  CHECK(found.value_of("Packet Identifier") == "4660");
  CHECK(found.value_of("Property Identifier") == "0x02 Message Expiry Interval");
  CHECK(found.value_of("Message Expiry Interval") == "60 s");
  CHECK(found.value_of("Payload") == "\"h\n\"");
}

TEST_CASE("reason codes are told as their packet means them", "[trace]") {
  const auto reason = [](std::initializer_list<unsigned> packet, Version version = Version::mqtt_5) {
    const PacketFields found = fields_of(whole(bytes(packet)), version);
    const std::string code = found.value_of("Reason Code");
    return code.empty() ? found.value_of("Connect Return Code") : code;
  };
  CHECK(reason({0x40, 3, 0, 7, 0x87}) == "0x87 Not authorized");
  CHECK(reason({0x90, 4, 0, 7, 0, 0}) == "0x00 Granted QoS 0");
  CHECK(reason({0xE0, 1, 0}) == "0x00 Normal disconnection");
  CHECK(reason({0x20, 2, 0, 4}, Version::mqtt_3_1_1) == "4 Bad User Name or Password");
}

TEST_CASE("a packet that breaks the standard is told with the decoder's words", "[trace]") {
  const PacketFields found = fields_of(whole(bytes({0x40, 3, 0, 0, 0x87})), Version::mqtt_5);
  CHECK(found.fault != "");
  CHECK(found.value_of("Packet Identifier") == "0");
  CHECK(fields_of(whole(bytes({0xD1, 0})), Version::mqtt_5).fault != "");
}

TEST_CASE("a masked field says so and how many bytes it has", "[trace]") {
  TracedPacket packet = whole(bytes(
      {0x10, 21, 0, 4, 'M', 'Q', 'T', 'T', 5, 0x42, 0, 60, 0, 0, 1, 'c', 0, 5, '*', '*', '*', '*', '*'}));
  std::fill(packet.masked.begin() + 18, packet.masked.end(), true);
  const PacketFields found = fields_of(packet, Version::mqtt_5);
  CHECK(found.value_of("Password") == "masked (5 bytes)");
  CHECK(found.value_of("Clean Start") == "1");
  CHECK(found.fault == "");
}

TEST_CASE("of a field that is masked in part the beginning is told, also of one that the trace cuts off",
          "[trace]") {
  const bool cut = GENERATE(false, true);
  TracedPacket packet = whole(bytes({0x10, 23,  0, 4, 'M', 'Q', 'T', 'T', 4,   6,   0,   60, 0,
                                     1,    'c', 0, 1, 'w', 0,   5,   'h', 'e', '*', '*', '*'}));
  std::fill(packet.masked.begin() + 22, packet.masked.end(), true);
  if (cut) {
    packet.bytes.pop_back();
    packet.masked.pop_back();
  }
  const PacketFields found = fields_of(packet, Version::mqtt_5);
  CHECK(found.value_of("Will Payload") == "\"he\" (the first 2 of 5 bytes)");
  CHECK(found.fault == "");
}

TEST_CASE("behind a length that is masked nothing is made up", "[trace]") {
  TracedPacket packet = whole(
      bytes({0x10, 18, 0, 4, 'M', 'Q', 'T', 'T', 5, 0xC2, 0, 60, '*', '*', '*', '*', '*', '*', '*', '*'}));
  std::fill(packet.masked.begin() + 12, packet.masked.end(), true);
  const PacketFields found = fields_of(packet, Version::mqtt_5);
  CHECK(found.value_of("Unknown") == "masked from here on: 8 bytes");
  CHECK(found.value_of("Property Length") == "");
  CHECK(found.fault == "");
  CHECK(gap_in(found, packet.bytes.size()) == "");
}

TEST_CASE("a field that is longer than its packet is told as a fault, though the trace has not all of it",
          "[trace]") {
  TracedPacket packet = whole(bytes({0x30, 100, 0, 200, 't'}));
  packet.size = 102;
  CHECK(fields_of(packet, Version::mqtt_5).fault == "a field is longer than the packet");
}
