// What every figure is measured with.
#pragma once

#include <cstddef>
#include <string>

namespace holdfast::guard {

constexpr const char* topic = "plant/17/temperature";
constexpr std::size_t payload_size = 64;
inline std::string payload() {
  return std::string(payload_size, 'x');
}

/// Messages a turn of the network thread, as many as under load; and turns.
constexpr std::size_t batch = 256;
constexpr std::size_t turns = 32;
/// Turns before anything is counted: buffers have their size then.
constexpr std::size_t first_turns = 4;

}  // namespace holdfast::guard
