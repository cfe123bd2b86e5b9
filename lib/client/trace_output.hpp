// The file of a trace, and the one before it once that has become too large.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "net/file_descriptor.hpp"

namespace holdfast::client {

class TraceOutput {
 public:
  /// What may come between two calls of is_full(): so much less than its limit a file has when it is.
  static constexpr std::uint64_t spare = std::uint64_t{64} << 10;

  /// Appends to `file`, which only its owner may read if it is new, and which is this client's alone. Throws
  /// Error if it cannot be had. `bytes_max`: how large it may become; 0: any size.
  TraceOutput(const std::string& file, std::uint64_t bytes_max);

  /// An earlier process may have been killed in the middle of its last line.
  [[nodiscard]] bool ends_within_line() const;
  void write(std::string_view lines);
  /// With `pending` bytes more.
  [[nodiscard]] bool is_full(std::size_t pending) const noexcept {
    return bytes_max_ != 0 && size_ + pending + spare > bytes_max_;
  }
  /// The file becomes FILE.1, in the place of an earlier one, and a new one begins.
  void begin_next();
  /// Why it cannot be written any more.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 private:
  void open();
  [[nodiscard]] bool still_has_the_name() const;

  std::string name_;
  std::uint64_t bytes_max_;
  net::FileDescriptor file_;
  std::uint64_t size_ = 0;
  std::error_code error_;
};

}  // namespace holdfast::client
