// How long a call waits, and for what.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::client {

/// What a call does while no connection will come by itself.
enum class WhenEnded : std::uint8_t {
  wait,  ///< For the next connect(), too.
  fail,
};

struct Patience {
  std::chrono::milliseconds timeout{0};
  WhenEnded when_ended = WhenEnded::wait;
};

}  // namespace holdfast::client
