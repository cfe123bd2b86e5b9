// A descriptor by which any thread wakes one that polls.
#pragma once

#include "net/file_descriptor.hpp"

namespace holdfast::net {

/// Level-triggered: readable from wake() until clear(). An eventfd on Linux, a pipe elsewhere. Close-on-exec,
/// non-blocking. Throws std::system_error if the system has no descriptor left.
class Waker {
 public:
  Waker();
  /// Any thread; async-signal-safe.
  void wake() noexcept;
  void clear() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return read_end_.get(); }

 private:
  FileDescriptor read_end_;
  FileDescriptor write_end_;  // Unused with an eventfd, which is both ends.
};

}  // namespace holdfast::net
