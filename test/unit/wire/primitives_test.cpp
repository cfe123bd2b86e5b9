#include <string>
#include <vector>

#include "support/catch.hpp"
#include "wire/topic.hpp"
#include "wire/utf8.hpp"
#include "wire/variable_byte_integer.hpp"

using namespace holdfast;
using namespace holdfast::wire;
using namespace std::string_literals;

TEST_CASE("a variable byte integer takes its shortest form and comes back",
          "[wire][variable-byte-integer][MQTT-1.5.5-1]") {
  const std::vector<std::pair<std::uint32_t, std::size_t>> sizes{
      {0, 1}, {127, 1}, {128, 2}, {16383, 2}, {16384, 3}, {2097151, 3}, {2097152, 4}, {268435455, 4}};
  for (const auto& [value, size] : sizes) {
    CAPTURE(value);
    std::vector<std::byte> bytes;
    encode_variable_byte_integer(value, bytes);
    CHECK(bytes.size() == size);
    CHECK(variable_byte_integer_size(value) == size);
    const auto decoded = decode_variable_byte_integer(bytes);
    CHECK(decoded.status == VariableByteInteger::Status::complete);
    CHECK(decoded.value == value);
    CHECK(decoded.size == size);
    const auto cut = decode_variable_byte_integer(std::span(bytes).first(size - 1));
    CHECK(cut.status == VariableByteInteger::Status::incomplete);
  }
}

TEST_CASE("a variable byte integer that is too long or not the shortest is malformed",
          "[wire][variable-byte-integer][U-1.5.5-1][U-1.5.5-2]") {
  const auto status = [](std::vector<std::uint8_t> bytes) {
    return decode_variable_byte_integer(std::as_bytes(std::span(bytes))).status;
  };
  CHECK(status({0x80, 0x80, 0x80, 0x80, 0x01}) == VariableByteInteger::Status::malformed);
  CHECK(status({0xFF, 0xFF, 0xFF, 0xFF}) == VariableByteInteger::Status::malformed);
  CHECK(status({0x80, 0x00}) == VariableByteInteger::Status::malformed);
  CHECK(status({0xFF, 0xFF, 0xFF, 0x7F}) == VariableByteInteger::Status::complete);
}

TEST_CASE("well-formed UTF-8 without null characters is a string, wherever the bytes lie", "[wire][utf8]") {
  const std::vector<std::string> good{"",
                                      "plain",
                                      "\x01\x7F",
                                      "\xC2\x80",
                                      "\xDF\xBF",
                                      "\xE0\xA0\x80",
                                      "\xED\x9F\xBF",
                                      "\xEE\x80\x80",
                                      "\xEF\xBB\xBF",
                                      "\xEF\xBF\xBF",
                                      "\xF0\x90\x80\x80",
                                      "\xF4\x8F\xBF\xBF"};
  for (const auto& text : good) {
    for (std::size_t before = 0; before < 18; ++before) {
      CAPTURE(text, before);
      CHECK(is_valid_utf8_string(std::string(before, 'x') + text + "tail of some length"));
      CHECK(is_valid_utf8_string(std::string(before, 'x') + text));
    }
  }
}

TEST_CASE("ill-formed UTF-8, surrogates and null characters are no string, wherever the bytes lie",
          "[wire][utf8]") {
  const std::vector<std::string> bad{"\0"s,
                                     "\x80",
                                     "\xBF",
                                     "\xC0\x80",
                                     "\xC1\xBF",
                                     "\xC2",
                                     "\xC2\x20",
                                     "\xE0\x9F\xBF",
                                     "\xE0\xA0",
                                     "\xED\xA0\x80",
                                     "\xED\xBF\xBF",
                                     "\xE1\x80\xC0",
                                     "\xF0\x8F\xBF\xBF",
                                     "\xF4\x90\x80\x80",
                                     "\xF5\x80\x80\x80",
                                     "\xF0\x90\x80",
                                     "\xFE",
                                     "\xFF"};
  for (const auto& text : bad) {
    for (std::size_t before = 0; before < 18; ++before) {
      CAPTURE(before);
      CHECK_FALSE(is_valid_utf8_string(std::string(before, 'x') + text + "tail of some length"));
      CHECK_FALSE(is_valid_utf8_string(std::string(before, 'x') + text));
    }
  }
}

TEST_CASE("a string has at most 65535 bytes", "[wire][utf8]") {
  CHECK(is_valid_utf8_string(std::string(65535, 'x')));
  CHECK_FALSE(is_valid_utf8_string(std::string(65536, 'x')));
}

TEST_CASE("a topic name is not empty and has no wildcards",
          "[wire][topic][MQTT-3.3.2-2][MQTT-4.7.0-1][MQTT-4.7.3-1]") {
  for (const char* good : {"a", "/", "a/b", "//", "$SYS/x", "a b", "\xC3\xA4"})
    CHECK(is_valid_topic_name(good));
  for (const char* bad : {"", "a/+", "#", "a#", "+a", "\xC3"})
    CHECK_FALSE(is_valid_topic_name(bad));
  CHECK_FALSE(is_valid_topic_name("a\0b"s));
}

TEST_CASE("wildcards stand alone in their level and # comes last",
          "[wire][topic][MQTT-4.7.1-1][MQTT-4.7.1-2][MQTT-4.8.2-1][MQTT-4.8.2-2]") {
  for (const char* good :
       {"a", "#", "+", "a/#", "+/+", "/+", "+/a/#", "$share/g/a", "$share/g/#", "$share/g//", "$SYS/#"}) {
    CAPTURE(good);
    CHECK(is_valid_topic_filter(good));
  }
  for (const char* bad : {"", "a#", "#/a", "a/#/b", "a+", "+a/b", "$share/g", "$share//a", "$share/g/",
                          "$share/+/a", "$share/g#/a", "$share/"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_topic_filter(bad));
  }
}

TEST_CASE("filters match names as the standard's examples say", "[wire][topic]") {
  const std::vector<std::pair<const char*, const char*>> yes{
      {"sport/tennis/player1/#", "sport/tennis/player1"},
      {"sport/#", "sport"},
      {"#", "a/b"},
      {"+", "finance"},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"},
      {"+/+", "/finance"},
      {"/+", "/finance"},
      {"sport/+", "sport/"},
      {"$SYS/#", "$SYS/a"},
      {"$SYS/monitor/+", "$SYS/monitor/Clients"},
      {"$share/g/a/+", "a/b"}};
  for (const auto& [filter, name] : yes) {
    CAPTURE(filter, name);
    CHECK(topic_matches(filter, name));
  }
  const std::vector<std::pair<const char*, const char*>> no{{"+", "/finance"},
                                                            {"sport/+", "sport"},
                                                            {"#", "$SYS/a"},
                                                            {"+/monitor/Clients", "$SYS/monitor/Clients"},
                                                            {"a", "a/b"},
                                                            {"a/b", "a"},
                                                            {"a/+", "a/b/c"},
                                                            {"A", "a"},
                                                            {"$share/g/#", "$SYS/a"}};
  for (const auto& [filter, name] : no) {
    CAPTURE(filter, name);
    CHECK_FALSE(topic_matches(filter, name));
  }
}
