// Which version of MQTT a connection speaks. What is written and read in another way takes it as a parameter.
#pragma once

#include <cstdint>

namespace holdfast::wire {

/// The numbers are those of CONNECT's protocol level. [MQTT 3.1.1, 3.1.2.2; MQTT 5, 3.1.2.2]
enum class Version : std::uint8_t {
  mqtt_3_1_1 = 4,  ///< No packet has properties, and only CONNACK and SUBACK have codes.
  mqtt_5 = 5,
};

}  // namespace holdfast::wire
