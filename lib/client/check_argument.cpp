#include "client/check_argument.hpp"

#include <cstdio>

#include "wire/topic.hpp"
#include "wire/utf8.hpp"

namespace holdfast::client {

namespace {
constexpr std::size_t readable_length = 60;
constexpr std::size_t longest_field =
    65535;  // Strings and binary data have a two-byte length. [MQTT 5, 1.5.4, 1.5.6]

void append_escaped(std::string& text, unsigned char byte) {
  char escaped[5];
  std::snprintf(escaped, sizeof escaped, "\\x%02X", byte);
  text += escaped;
}
}  // namespace

void require_utf8(std::string_view name, std::string_view value) {
  require(wire::is_valid_utf8_string(value), [&] {
    return std::string(name) + " \"" + printable(value) +
           "\": must be UTF-8 without null characters, at most 65535 bytes [MQTT 5, 1.5.4]";
  });
}

void require_text(std::string_view name, std::string_view payload) {
  require(wire::is_well_formed_utf8(payload), [&] {
    return std::string(name) +
           " is not UTF-8 though payload_is_utf8 says so: correct it, or leave payload_is_utf8 out [MQTT "
           "5, 3.3.2.3.2]";
  });
}

void require_binary(std::string_view name, std::string_view value) {
  require(value.size() <= longest_field, [&] {
    return std::string(name) + ": " + std::to_string(value.size()) + " bytes, at most 65535 are possible";
  });
}

void require_seconds(std::string_view name, const std::optional<std::chrono::seconds>& value) {
  require(!value || (value->count() >= 0 && *value <= never_expires),
          [&] { return std::string(name) + ": 0 to 4294967295 seconds"; });
}

void require_qos(std::string_view name, QoS qos) {
  require(qos <= QoS::exactly_once, [&] { return std::string(name) + ": must be 0, 1 or 2"; });
}

void require_response_topic(std::string_view name, std::string_view value) {
  require(wire::is_valid_topic_name(value), [&] {
    return std::string(name) + " \"" + printable(value) +
           "\": not a topic name: UTF-8, not empty, without + and #";
  });
}

void require_user_properties(const UserProperties& properties) {
  for (const auto& [name, value] : properties) {
    require_utf8("user property name", name);
    require_utf8("user property value", value);
  }
}

std::string printable(std::string_view value) {
  std::string text;
  for (const char c : value.substr(0, readable_length)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      text += c;
      continue;
    }
    append_escaped(text, byte);
  }
  return value.size() > readable_length ? text + "..." : text;
}

std::string without_controls(std::string_view text) {
  const bool utf8 = wire::is_well_formed_utf8(text);
  const auto byte_at = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = byte_at(i);
    const bool ascii_control = byte < 0x20 || byte == 0x7F;
    const bool second_of_c1 = byte < 0xA0 && i != 0 && byte_at(i - 1) == 0xC2;  // U+0080 to U+009F.
    const bool first_of_c1 = byte == 0xC2 && byte_at(i + 1) < 0xA0;
    if (ascii_control || (byte > 0x7F && (!utf8 || first_of_c1 || second_of_c1))) {
      append_escaped(shown, byte);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace holdfast::client
