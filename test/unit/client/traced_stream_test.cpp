#include "client/traced_stream.hpp"

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using namespace holdfast::client;

namespace {

constexpr session::TimePoint at{std::chrono::milliseconds(1500)};
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
  TracedStream(direction).feed(input, at, lines);
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
  TracedStream stream("in");
  for (const std::byte& byte : input)
    stream.feed({&byte, 1}, at, in_pieces);
  CHECK(in_pieces == whole);
}

TEST_CASE("of a large packet the trace shows the first 256 bytes and the whole size", "[client][trace]") {
  auto input = bytes({0x30, 0x80, 0x80, 0x40, 0x00, 0x01, 't', 0x00});
  input.resize(4 + (std::size_t{1} << 20));
  const std::string line = lines_of(input);
  CHECK(has(line, R"("size":1048580)"));
  CHECK(line.size() - line.find(R"("raw":")") == std::string_view(R"("raw":""})").size() + 512 + 1);
}

TEST_CASE("no byte after CONNECT's Keep Alive is in the trace, so no password", "[client][trace]") {
  auto input = bytes({0x10, 0x16, 0x00, 0x04, 'M', 'Q', 'T', 'T', 0x05, 0xC2, 0x00, 0x3C, 0x00});
  append(input, std::string("\0\0\0\0\0\7", 6).substr(1) + password);
  input[1] = static_cast<std::byte>(input.size() - 2);
  const std::string line = lines_of(input, "out");
  CHECK(has(line, R"("masked":true,"raw":"10)"));
  CHECK(has(line, R"(4d51545405c2003c"})"));
}

TEST_CASE("authentication data is not in the trace", "[client][trace]") {
  auto challenge = bytes({0xF0, 0x00, 0x18, 0x0A, 0x16, 0x00, 0x07});
  append(challenge, password);
  challenge[1] = static_cast<std::byte>(challenge.size() - 2);
  CHECK(has(lines_of(challenge), R"("reason":24,"masked":true,"raw":"f00c18"})"));
  auto connack = bytes({0x20, 0x00, 0x01, 0x00, 0x0A, 0x16, 0x00, 0x07});
  append(connack, password);
  connack[1] = static_cast<std::byte>(connack.size() - 2);
  CHECK(has(lines_of(connack), R"("reason":0,"masked":true,"raw":"200d0100"})"));
}

TEST_CASE("a packet that lies about its fields is traced without them", "[client][trace]") {
  const std::string line = lines_of(bytes({0x32, 0x03, 0xFF, 0xFF, 't'}));
  CHECK(has(line, R"("type":"PUBLISH","size":5,"qos":1)"));
  CHECK_FALSE(has(line, R"("id")"));
}

TEST_CASE("after a malformed length the trace is silent until the next connection", "[client][trace]") {
  std::string lines;
  TracedStream stream("in");
  stream.feed(bytes({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xD0, 0x00}), at, lines);
  CHECK(lines.empty());
  stream.reset();
  stream.feed(bytes({0xD0, 0x00}), at, lines);
  CHECK(has(lines, "PINGRESP"));
}
