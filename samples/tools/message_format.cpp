#include "message_format.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "json_output.hpp"
#include "mosquitto_json.hpp"
#include "refuse.hpp"
#include "reporting.hpp"

namespace holdfast::tools {

namespace {

constexpr std::array<FormatPart, 32> parts{{
    {"%%", "A %."},
    {"%A", "Topic alias, where -D connect topic-alias-maximum allows some."},
    {"%C", "Content type."},
    {"%D", "Correlation data."},
    {"%E", "Message expiry interval, in seconds."},
    {"%F", "Payload format indicator: 1 for UTF-8."},
    {"%I", "Date and time of arrival, as 2016-08-10T09:47:38+0100."},
    {"%J", "JSON object of the message, with the payload as the JSON that it has to be."},
    {"%j", "JSON object of the message, with the payload as a string."},
    {"%l", "Length of the payload in bytes."},
    {"%m", "Packet identifier, 0 at QoS 0."},
    {"%P", "User properties, as NAME:VALUE with blanks between them."},
    {"%p", "Payload."},
    {"%q", "QoS."},
    {"%R", "Response topic."},
    {"%r", "1 for a retained message, else 0."},
    {"%S", "Subscription identifier, the first one."},
    {"%t", "Topic."},
    {"%U", "Time of arrival in seconds since 1970, with nanoseconds."},
    {"%X", "Payload in hexadecimal digits, ABCDEF."},
    {"%x", "Payload in hexadecimal digits, abcdef."},
    {"@@", "An @."},
    {"@N", "Nanoseconds of the time of arrival, nine digits."},
    {"@Y", "Year of the arrival, and so on for every letter of strftime(3): @H:@M:@S."},
    {"\\\\", "A backslash."},
    {"\\0", "A null character."},
    {"\\a", "A bell."},
    {"\\e", "An escape character."},
    {"\\n", "A line feed."},
    {"\\r", "A carriage return."},
    {"\\t", "A tab."},
    {"\\v", "A vertical tab."},
}};

bool is_specifier(char c) {
  return std::any_of(parts.begin(), parts.end(), [c](const FormatPart& part) {
    return part.text.front() == '%' && part.text.back() == c;
  });
}

/// Walks over a format and tells a handler what it meets.
class FormatReader {
 public:
  struct Field {
    char specifier = 0;
    bool left = false;
    char fill = ' ';
    std::size_t width = 0;
    std::size_t most = std::numeric_limits<std::size_t>::max();
  };

  explicit FormatReader(std::string_view format) : rest_(format) {}

  template <class OnText, class OnField, class OnTime>
  void read(OnText on_text, OnField on_field, OnTime on_time) {
    while (!rest_.empty()) {
      const char c = next();
      if (c == '%') {
        on_field(field());
      } else if (c == '@') {
        const char time = next();
        if (time == '@') on_text('@');
        if (time != '@') on_time(time);
      } else {
        on_text(c == '\\' ? escaped() : c);
      }
    }
  }

 private:
  char next() {
    if (rest_.empty()) refuse("-F: the format ends in the middle of a specifier");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  Field field() {
    Field field;
    char c = next();
    for (; c == '-' || c == '0'; c = next()) {
      if (c == '-') field.left = true;
      if (c == '0') field.fill = '0';
    }
    field.width = number(c);
    if (c == '.') {
      c = next();
      field.most = number(c);
    }
    if (!is_specifier(c)) refuse(std::string("-F: there is no %") + c);
    field.specifier = c;
    return field;
  }

  // From the digit `c` on; leaves in it what follows.
  std::size_t number(char& c) {
    std::size_t number = 0;
    for (; c >= '0' && c <= '9'; c = next()) {
      number = number * 10 + static_cast<std::size_t>(c - '0');
      if (number > 10'000) refuse("-F: a width of more than 10000");
    }
    return number;
  }

  char escaped() {
    switch (const char c = next()) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'v':
        return '\v';
      case 'a':
        return '\a';
      case 'e':
        return '\033';
      case '0':
        return '\0';
      case '\\':
        return '\\';
      default:
        refuse(std::string("-F: there is no \\") + c);
    }
  }

  std::string_view rest_;
};

std::string unix_time(const Arrival& arrival) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%lld.%09ld", static_cast<long long>(arrival.seconds),
                arrival.nanoseconds);
  return text.data();
}

struct Writing {
  const Message& message;
  const Arrival& arrival;
  bool pretty;
};

std::string json_text(const Writing& writing, PayloadAs payload_as) {
  const auto& [message, arrival, pretty] = writing;
  auto text = mosquitto_json(message, arrival, payload_as, pretty);
  if (text) return std::move(*text);
  complain("Error", "Message payload is not valid JSON on topic " + std::string(message.topic()) + ".");
  return "";
}

std::string user_properties(const Message& message) {
  std::string text;
  for (const auto& [name, value] : message.user_properties())
    text.append(text.empty() ? "" : " ").append(name).append(":").append(value);
  return text;
}

std::string identifiers(const Message& message) {
  const auto found = message.subscription_identifiers();
  return found.empty() ? "" : std::to_string(found.front());
}

std::string value_of(char specifier, const Writing& writing) {
  const auto& [message, arrival, pretty] = writing;
  switch (specifier) {
    case '%':
      return "%";
    case 'A':
      return message.topic_alias() ? std::to_string(*message.topic_alias()) : "";
    case 'C':
      return std::string(message.content_type().value_or(""));
    case 'D':
      return std::string(message.correlation_data().value_or(""));
    case 'E':
      return message.message_expiry_interval() ? std::to_string(message.message_expiry_interval()->count())
                                               : "";
    case 'F':
      return message.payload_is_utf8() ? "1" : "";
    case 'I':
      return arrival.text("%Y-%m-%dT%H:%M:%S%z");
    case 'J':
      return json_text(writing, PayloadAs::json);
    case 'j':
      return json_text(writing, PayloadAs::text);
    case 'l':
      return std::to_string(message.payload().size());
    case 'm':
      return std::to_string(message.packet_identifier());
    case 'p':
      return std::string(message.payload());
    case 'q':
      return std::to_string(static_cast<int>(message.qos()));
    case 'R':
      return std::string(message.response_topic().value_or(""));
    case 'r':
      return message.retain() ? "1" : "0";
    case 'S':
      return identifiers(message);
    case 't':
      return std::string(message.topic());
    case 'U':
      return unix_time(arrival);
    case 'P':
      return user_properties(message);
    case 'X':
      return hexadecimal(message.payload(), true);
    default:
      return hexadecimal(message.payload());
  }
}

// Against its manual, the width of a payload is also the most of it; in digits, half of what that leaves.
std::size_t most_of_payload(const FormatReader::Field& field, std::size_t size) {
  if (field.width == 0) return size;
  return field.specifier == 'p' ? std::min(size, field.width) : std::min(size / 2, field.width) / 2 * 2;
}

// As mosquitto_sub: some have no width, only text is cut, and text is never filled with zeros.
std::string fitted(std::string value, const FormatReader::Field& field) {
  constexpr std::string_view without_width = "%DPqrUjJ";
  constexpr std::string_view text = "CIRt";
  if (without_width.find(field.specifier) != std::string_view::npos) return value;
  if (field.specifier == 'R' && value.empty()) return value;
  const bool is_text = text.find(field.specifier) != std::string_view::npos;
  if (is_text) value.resize(std::min(value.size(), field.most));
  if (std::string_view("pxX").find(field.specifier) != std::string_view::npos)
    value.resize(most_of_payload(field, value.size()));
  if (value.size() >= field.width) return value;
  // A number that is missing is all filling.
  const bool left = field.left && !(value.empty() &&
                                    std::string_view("AEFS").find(field.specifier) != std::string_view::npos);
  const std::string padding(field.width - value.size(), left || is_text ? ' ' : field.fill);
  return left ? value + padding : padding + value;
}

}  // namespace

std::span<const FormatPart> format_parts() {
  return parts;
}

std::string format_message(std::string_view format, const Message& message, const Arrival& arrival,
                           bool pretty) {
  std::string text;
  const Writing writing{message, arrival, pretty};
  FormatReader(format).read(
      [&](char c) { text += c; },
      [&](const FormatReader::Field& field) { text += fitted(value_of(field.specifier, writing), field); },
      [&](char time) {
        if (time == 'N') {
          text += std::to_string(1'000'000'000 + arrival.nanoseconds).substr(1);
        } else {
          text += arrival.text(std::array<char, 3>{'%', time, '\0'}.data());
        }
      });
  return text;
}

void check_format(std::string_view format) {
  FormatReader(format).read([](char) {}, [](const FormatReader::Field&) {}, [](char) {});
}

}  // namespace holdfast::tools
