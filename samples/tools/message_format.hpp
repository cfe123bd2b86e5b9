// The output formats of holdfast_sub: mosquitto_sub's -F and what is made of it.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include <holdfast/message.hpp>

namespace holdfast::tools {

/// When a message came, in wall-clock time.
struct Arrival {
  std::tm local{};
  std::time_t seconds = 0;
  long nanoseconds = 0;

  [[nodiscard]] static Arrival now();
};

/// Fills a format of `-F`: %t topic, %p payload, %q, %r, %m, %l, %x, %X, %j, %J, %U, %I, %A..%S and @-times
/// as mosquitto_sub(1) describes them, with `\n`-style escapes and `%-20.30t`-style widths; `pretty` is for
/// %j and %J. Throws Error (Errc::invalid_argument) for a specifier that does not exist.
[[nodiscard]] std::string format_message(std::string_view format, const Message& message,
                                         const Arrival& arrival, bool pretty);
/// Throws as format_message would.
void check_format(std::string_view format);

}  // namespace holdfast::tools
