#include "stamp.hpp"

#include <algorithm>
#include <type_traits>

namespace holdfast::tools {

namespace {

// What is no message of this tool hardly begins so.
constexpr std::string_view mark = "HFB1";

template <class Number>
char* write_number(Number number, char* bytes) noexcept {
  for (std::size_t i = sizeof(Number); i-- > 0; number = static_cast<Number>(number >> 8))
    bytes[i] = static_cast<char>(number & 0xFF);
  return bytes + sizeof(Number);
}

template <class Number>
const char* read_number(const char* bytes, Number& number) noexcept {
  std::make_unsigned_t<Number> value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value = static_cast<decltype(value)>(value << 8 | static_cast<unsigned char>(bytes[i]));
  number = static_cast<Number>(value);
  return bytes + sizeof(Number);
}

}  // namespace

void write_stamp(const Stamp& stamp, char* bytes) noexcept {
  bytes = std::copy(mark.begin(), mark.end(), bytes);
  bytes = write_number(stamp.run, bytes);
  bytes = write_number(stamp.stream, bytes);
  bytes = write_number(stamp.sequence, bytes);
  write_number(stamp.sent, bytes);
}

std::optional<Stamp> read_stamp(std::string_view payload) noexcept {
  if (payload.size() < stamp_size || !payload.starts_with(mark)) return std::nullopt;
  Stamp stamp;
  const char* bytes = payload.data() + mark.size();
  bytes = read_number(bytes, stamp.run);
  bytes = read_number(bytes, stamp.stream);
  bytes = read_number(bytes, stamp.sequence);
  read_number(bytes, stamp.sent);
  return stamp;
}

}  // namespace holdfast::tools
