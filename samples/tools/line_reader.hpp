// Lines from a descriptor, in batches, without ever missing a signal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace holdfast::tools {

class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  enum class Result { more, end, interrupted };
  /// Waits until bytes come, `interrupt` is readable, or `timeout_ms` passed, then gives every whole line
  /// read to `on_line`; at the end also a last one without a line break.
  Result read(int interrupt, int timeout_ms, const std::function<void(std::string_view)>& on_line);

 private:
  const int descriptor_;
  std::string rest_;  // The front of a line that is not all there.
};

/// All of a descriptor until its end. Throws std::system_error.
[[nodiscard]] std::string read_all(int descriptor);

}  // namespace holdfast::tools
