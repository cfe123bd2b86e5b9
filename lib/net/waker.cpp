#include "net/waker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace holdfast::net {

#ifdef __linux__

Waker::Waker() : read_end_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!read_end_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when it counts as woken already.
  [[maybe_unused]] const auto written = ::write(read_end_.get(), &one, sizeof one);
}

void Waker::clear() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(read_end_.get(), &count, sizeof count);
}

#else

Waker::Waker() {
  int ends[2];
  if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  read_end_ = FileDescriptor(ends[0]);
  write_end_ = FileDescriptor(ends[1]);
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
}

void Waker::wake() noexcept {
  // Fails only when the pipe is full, and then it is readable already.
  [[maybe_unused]] const auto written = ::write(write_end_.get(), "", 1);
}

void Waker::clear() noexcept {
  char bytes[256];
  while (::read(read_end_.get(), bytes, sizeof bytes) > 0) {
  }
}

#endif

}  // namespace holdfast::net
