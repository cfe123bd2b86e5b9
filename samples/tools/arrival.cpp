#include "arrival.hpp"

#include <array>

namespace holdfast::tools {

Arrival Arrival::now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  Arrival arrival;
  arrival.seconds = time.tv_sec;
  arrival.nanoseconds = time.tv_nsec;
  localtime_r(&time.tv_sec, &arrival.local);
  return arrival;
}

std::string Arrival::text(const char* format) const {
  std::array<char, 256> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &local)};
}

}  // namespace holdfast::tools
