// What --verbose prints, and what ends a day: a promise that was broken.
#pragma once

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "session/time.hpp"

namespace holdfast::simulation {

/// A promise was broken: what() says which, and by what.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Checks that cost no string while they hold.
template <class Describe>
void require(bool holds, Describe&& describe) {
  if (!holds) throw Violation(describe());
}

/// Simulated time. The broker's clock is the true one; the client's may run ahead of it, never back.
struct Clock {
  session::TimePoint now = session::TimePoint(std::chrono::hours(1000));
  std::chrono::nanoseconds client_ahead{0};

  [[nodiscard]] session::TimePoint client_now() const noexcept { return now + client_ahead; }
};

class Trace {
 public:
  Trace(bool on, const Clock& clock) : on_(on), clock_(clock) {}

  /// Prints what `describe` returns; it is not called when nobody listens.
  template <class Describe>
  void note(const char* who, Describe&& describe) const {
    if (!on_) return;
    const auto since = clock_.now - session::TimePoint(std::chrono::hours(1000));
    const double seconds = std::chrono::duration<double>(since).count();
    const std::string line = describe();
    std::printf("%12.4f %-8s %s\n", seconds, who, line.c_str());
  }

 private:
  const bool on_;
  const Clock& clock_;
};

}  // namespace holdfast::simulation
