#include "client/traced_stream.hpp"

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using namespace holdfast::client;

namespace {

constexpr session::TimePoint at{std::chrono::milliseconds(1500)};
constexpr std::size_t payload_max = 64;
const std::string password = "hunter2";

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> result;
  for (const unsigned value : values)
    result.push_back(static_cast<std::byte>(value));
  return result;
}

void append(std::vector<std::byte>& packet, const std::string& text) {
  for (const char letter : text)
    packet.push_back(static_cast<std::byte>(letter));
}

std::string lines_of(std::span<const std::byte> input, std::string_view direction = "in") {
  std::string lines;
  TracedStream(direction, payload_max).feed(input, at, lines);
  return lines;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a traced PUBLISH tells time, direction, size, identifier, flags and bytes", "[client][trace]") {
  CHECK(lines_of(bytes({0x3B, 0x06, 0x00, 0x01, 't', 0x01, 0x02, 0x00}), "out") ==
        R"({"t":1.500000,"event":"packet","direction":"out","type":"PUBLISH","size":8,"id":258,"qos":1,)"
        R"("dup":true,"retain":true,"raw":"3b06000174010200"})"
        "\n");
}

TEST_CASE("a traced acknowledgement tells its identifier and, if it has one, its reason code",
          "[client][trace]") {
  const std::string refused = lines_of(bytes({0x40, 0x03, 0x00, 0x07, 0x87}));
  CHECK(has(refused, R"("type":"PUBACK")"));
  CHECK(has(refused, R"("id":7,"reason":135)"));
  CHECK_FALSE(has(lines_of(bytes({0x40, 0x02, 0x00, 0x07})), "reason"));
}

TEST_CASE("packets are traced alike whatever the pieces they come in", "[client][trace]") {
  auto input = bytes({0xD0, 0x00, 0x31, 0xAC, 0x02, 0x00, 0x01, 't', 0x00});
  input.resize(input.size() + 296);
  append(input, "\xE0");
  input.push_back(std::byte{0});
  const std::string whole = lines_of(input);
  CHECK(has(whole, "PINGRESP"));
  CHECK(has(whole, "DISCONNECT"));
  std::string in_pieces;
  TracedStream stream("in", payload_max);
  for (const std::byte& byte : input)
    stream.feed({&byte, 1}, at, in_pieces);
  CHECK(in_pieces == whole);
}

TEST_CASE("of a large payload the trace shows the beginning, and the size of the packet", "[client][trace]") {
  auto input = bytes({0x32, 0x80, 0x80, 0x40, 0x00, 0x01, 't', 0x00, 0x07, 0x00});
  input.resize(4 + (std::size_t{1} << 20));
  const std::string line = lines_of(input);
  CHECK(has(line, R"("size":1048580)"));
  CHECK(has(line, R"("raw":"3280804000017400)"
                  "0700" +
                      std::string(2 * payload_max, '0') + "\"}"));
}

TEST_CASE("of properties larger than a line the trace shows the beginning", "[client][trace]") {
  auto input = bytes({0x30, 0x80, 0x80, 0x40, 0x00, 0x01, 't', 0xF0, 0xFF, 0x3F});
  while (input.size() < 4 + (std::size_t{1} << 20)) {
    const auto property = bytes({0x26, 0x00, 0x01, 'n', 0x7F, 0xF7});
    input.insert(input.end(), property.begin(), property.end());
    input.resize(input.size() + 0x7FF7);
  }
  input.resize(4 + (std::size_t{1} << 20));
  const std::string line = lines_of(input);
  CHECK(line.size() - line.find(R"("raw":")") ==
        std::string_view(R"("raw":""})").size() + 2 * PacketCutter::kept_max + 1);
}

TEST_CASE("what is payload in MQTT 3.1.1 is not taken for properties", "[client][trace]") {
  auto input = bytes({0x30, 0xF3, 0x02, 0x00, 0x01, 't', 0xEF, 0x02});
  input.resize(3 + 371);
  std::string lines;
  TracedStream stream("in", payload_max);
  stream.reset(false);
  stream.feed(input, at, lines);
  CHECK(has(lines, R"("raw":"30f302000174ef02)" + std::string(2 * (payload_max - 2), '0') + "\"}"));
}

TEST_CASE("the trace of a CONNECT masks user name and password, and shows everything else",
          "[client][trace]") {
  auto input = bytes({0x10, 0x2C, 0x00, 0x04, 'M',  'Q',  'T',  'T', 0x05, 0xC6, 0x00, 0x3C, 0x05,
                      0x11, 0x00, 0x00, 0x00, 0x3C, 0x00, 0x01, 'c', 0x00, 0x00, 0x01, 'w'});
  append(input, std::string("\0\3bye\0\3bob\0\7", 12) + password);
  input[1] = static_cast<std::byte>(input.size() - 2);
  CHECK(has(
      lines_of(input, "out"),
      R"("raw":"102a00044d51545405c6003c05110000003c0001630000017700036279650003******0007**************"})"));
}

TEST_CASE("a will's payload is shown as far as other payloads are", "[client][trace]") {
  const auto input = bytes({0x10, 0x16, 0x00, 0x04, 'M',  'Q', 'T',  'T',  0x04, 0x06, 0x00, 0x3C,
                            0x00, 0x01, 'c',  0x00, 0x01, 'w', 0x00, 0x05, 'h',  'e',  'l',  'l'});
  auto whole = input;
  whole.push_back(std::byte{'o'});
  whole[1] = static_cast<std::byte>(whole.size() - 2);
  std::string lines;
  TracedStream("out", 2).feed(whole, at, lines);
  CHECK(has(lines, R"(00017700056865******"})"));
}

TEST_CASE("authentication data is masked wherever it stands", "[client][trace]") {
  auto properties = bytes({0x0F, 0x15, 0x00, 0x02, 'm', 'e', 0x16, 0x00, 0x07});
  append(properties, password);
  CHECK(properties.size() == 16);
  const std::string masked =
      "0f150002"
      "6d65"
      "160007**************";
  auto challenge = bytes({0xF0, 0x11, 0x18});
  challenge.insert(challenge.end(), properties.begin(), properties.end());
  CHECK(has(lines_of(challenge), R"("reason":24,"raw":"f01118)" + masked + "\""));
  auto connack = bytes({0x20, 0x12, 0x01, 0x00});
  connack.insert(connack.end(), properties.begin(), properties.end());
  CHECK(has(lines_of(connack), R"("reason":0,"raw":"20120100)" + masked + "\""));
}

TEST_CASE("of a packet that cannot be followed to a secret all is masked from there on", "[client][trace]") {
  // Within authentication data: properties that are longer, or shorter, than they say; an unknown one.
  const auto prefix =
      GENERATE(values({bytes({0x18, 0x7F, 0x16, 0x00, 0x08}), bytes({0x18, 0x05, 0x16, 0x00, 0x07}),
                       bytes({0x18, 0x0A, 0x04, 0x00, 0x07}), bytes({0x18, 0x00, 0x00, 0x07}),
                       bytes({0x18, 0x03, 0x1F, 0x00, 0x07}), bytes({0x18, 0xFF, 0xFF, 0xFF, 0xFF})}));
  std::vector<std::byte> input = bytes({0xF0, 0x00});
  input.insert(input.end(), prefix.begin(), prefix.end());
  append(input, password);
  input[1] = static_cast<std::byte>(input.size() - 2);
  const std::string line = lines_of(input);
  CHECK(has(line, "**************\"}"));
  CHECK_FALSE(has(line, "7465"));  // The "te" of the password.
}

TEST_CASE("a packet that lies about its fields is traced without them", "[client][trace]") {
  const std::string line = lines_of(bytes({0x32, 0x03, 0xFF, 0xFF, 't'}));
  CHECK(has(line, R"("type":"PUBLISH","size":5,"qos":1)"));
  CHECK_FALSE(has(line, R"("id")"));
}

TEST_CASE("where a length is malformed the trace says so, and is silent until the next connection",
          "[client][trace]") {
  std::string lines;
  TracedStream stream("in", payload_max);
  stream.feed(bytes({0xD0, 0x00, 0x30, 0x80, 0x80, 0x80, 0x80, 0x00, 0xD0, 0x00}), at, lines);
  CHECK(has(lines, "PINGRESP"));
  lines.erase(0, lines.find('\n') + 1);
  CHECK(lines == R"({"t":1.500000,"event":"malformed","direction":"in","raw":"3080808080"})"
                 "\n");
  lines.clear();
  stream.reset(true);
  stream.feed(bytes({0xD0, 0x00}), at, lines);
  CHECK(has(lines, "PINGRESP"));
}

TEST_CASE("of a PUBLISH that cannot be followed no more is shown than of a payload", "[client][trace]") {
  // A topic, an identifier and properties that do not fit into the packet; a property that nobody knows; one
  // that is longer than all; a payload without a type.
  const auto front = GENERATE(values(
      {bytes({0x30, 0xFF, 0x0F, 0xFF, 0xFF}), bytes({0x30, 0xFF, 0x0F, 0x00, 0x01, 't', 0xFF, 0x7F}),
       bytes({0x30, 0xFF, 0x0F, 0x00, 0x01, 't', 0xFF, 0xFF, 0xFF, 0xFF}),
       bytes({0x30, 0xFF, 0x0F, 0x00, 0x01, 't', 0xF0, 0x01, 0x04}),
       bytes({0x30, 0xFF, 0x0F, 0x00, 0x01, 't', 0x0A, 0x03, 0x00, 0x10}), bytes({0x00, 0xFF, 0x0F})}));
  auto input = front;
  const std::size_t whole = 3 + 0x7FF;
  const std::string secret = std::string(payload_max, '.') + password;
  append(input, secret);
  input.resize(whole);
  const std::string line = lines_of(input);
  CHECK(has(line, R"("size":2050)"));
  CHECK(has(line, R"("raw":")"));
  CHECK_FALSE(has(line, "7465"));  // The "te" of the password.
}

TEST_CASE("of a will's payload larger than a line the beginning is shown", "[client][trace]") {
  auto input = bytes({0x10, 0xC4, 0x27, 0x00, 0x04, 'M',  'Q', 'T',  'T',  0x04, 0xC6, 0x00,
                      0x3C, 0x00, 0x01, 'c',  0x00, 0x01, 'w', 0x13, 0x88, 'h',  'i'});
  input.resize(21 + 5000);
  append(input, std::string("\0\3bob\0\7", 7) + password);
  input[1] = static_cast<std::byte>(0x80 | ((input.size() - 3) & 0x7F));
  input[2] = static_cast<std::byte>((input.size() - 3) >> 7);
  const std::string line = lines_of(input, "out");
  CHECK(has(line, "0001771388" + std::string("6869") + std::string(2 * (payload_max - 2), '0') + "**"));
  CHECK_FALSE(has(line, "626f62"));
}

TEST_CASE("credentials in a Server Reference are masked", "[client][trace]") {
  auto connack = bytes({0x20, 0x00, 0x00, 0x9C, 0x00, 0x1C, 0x00, 0x00});
  append(connack, "me:pw@host me:pw@b");
  connack[1] = static_cast<std::byte>(connack.size() - 2);
  connack[4] = static_cast<std::byte>(connack.size() - 5);
  connack[7] = static_cast<std::byte>(connack.size() - 8);
  CHECK(has(lines_of(connack), "1c0012" + std::string(2 * 17, '*') + "62\"}"));
  auto disconnect = bytes({0xE0, 0x0A, 0x9D, 0x08, 0x1C, 0x00, 0x05, 'a', '@', 'b', ':', '1'});
  CHECK(has(lines_of(disconnect), "1c0005****623a31\"}"));
}
