#include <string>

#include <holdfast/reason_code.hpp>

#include "support/catch.hpp"
#include "wire/reason_code_table.hpp"

using namespace holdfast;

TEST_CASE("reason codes have the standard's names, and 0x80 begins the failures", "[wire][reason-code]") {
  CHECK(to_string(ReasonCode::not_authorized) == "Not authorized");
  CHECK(to_string(static_cast<ReasonCode>(0x8E)) == "Session taken over");
  CHECK(to_string(static_cast<ReasonCode>(0xFF)) == "Unknown reason code");
  CHECK_FALSE(is_error(ReasonCode::no_matching_subscribers));
  CHECK(is_error(ReasonCode::unspecified_error));
}

TEST_CASE("each reason code is known in its packets alone", "[wire][reason-code]") {
  using wire::PacketType;
  CHECK(wire::is_reason_code_of(PacketType::puback, 0x10));
  CHECK_FALSE(wire::is_reason_code_of(PacketType::pubcomp, 0x10));
  CHECK(wire::is_reason_code_of(PacketType::pubcomp, 0x92));
  CHECK_FALSE(wire::is_reason_code_of(PacketType::puback, 0x92));
  CHECK(wire::is_reason_code_of(PacketType::suback, 0x02));
  CHECK_FALSE(wire::is_reason_code_of(PacketType::suback, 0x03));
  CHECK(wire::is_reason_code_of(PacketType::unsuback, 0x11));
  CHECK(wire::is_reason_code_of(PacketType::disconnect, 0x8E));
  CHECK_FALSE(wire::is_reason_code_of(PacketType::connack, 0x8E));
  CHECK(wire::is_reason_code_of(PacketType::auth, 0x18));
}
