// Which reason code may stand in which packet. [MQTT 5, 2.4, table 2-6]
#pragma once

#include <cstdint>

#include <holdfast/reason_code.hpp>

#include "wire/packets.hpp"

namespace holdfast::wire {

[[nodiscard]] bool is_reason_code_of(PacketType type, std::uint8_t code) noexcept;

}  // namespace holdfast::wire
