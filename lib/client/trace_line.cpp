#include "client/trace_line.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <new>

#include "wire/utf8.hpp"

namespace holdfast::client {

namespace {

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

// By whole numbers: what a double rounds would put lines of one moment in the wrong order.
void append_seconds(std::string& out, session::TimePoint::duration time) {
  constexpr std::uint64_t million = 1'000'000;
  const auto microseconds = static_cast<std::uint64_t>(
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count(), 0));
  append_number(out, microseconds / million);
  // The leading one keeps the zeros behind it, and gives its place to the point.
  const std::size_t point = out.size();
  append_number(out, million + microseconds % million);
  out[point] = '.';
}

// JSON is UTF-8, and nothing in a line may end it.
void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const bool well_formed = wire::is_valid_utf8_string(text);
  out += '"';
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (code < 0x20 || code == 0x7F) {
      out += "\\u00";
      out += digits[code >> 4U];
      out += digits[code & 0xFU];
    } else {
      out += code < 0x80 || well_formed ? letter : '?';
    }
  }
  out += '"';
}

}  // namespace

TraceLine::TraceLine(std::string& lines, session::TimePoint now, std::string_view event)
    : lines_(lines), begin_(lines.size()) {
  lines_ += R"({"t":)";
  append_seconds(lines_, now.time_since_epoch());
  literal("event", event);
}

TraceLine::~TraceLine() {
  try {
    lines_ += "}\n";
  } catch (const std::bad_alloc&) {  // Where a destructor must not let it out.
    lines_.resize(begin_);
  }
}

TraceLine& TraceLine::text(std::string_view name, std::string_view value) {
  begin(name);
  append_quoted(lines_, value);
  return *this;
}

TraceLine& TraceLine::literal(std::string_view name, std::string_view value) {
  begin(name);
  lines_.append(1, '"').append(value).append(1, '"');
  return *this;
}

TraceLine& TraceLine::number(std::string_view name, std::uint64_t value) {
  begin(name);
  append_number(lines_, value);
  return *this;
}

TraceLine& TraceLine::duration(std::string_view name, session::TimePoint::duration value) {
  begin(name);
  append_seconds(lines_, value);
  return *this;
}

void TraceLine::begin(std::string_view name) {
  lines_.append(",\"").append(name).append("\":");
}

}  // namespace holdfast::client
