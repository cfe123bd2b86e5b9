#include "session/output_buffer.hpp"

#include <random>

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

void append(OutputBuffer& buffer, std::string_view text) {
  const auto bytes = as_bytes(text);
  buffer.scratch().insert(buffer.scratch().end(), bytes.begin(), bytes.end());
}

/// Writes up to `count` bytes of the first piece gathered.
std::string write(OutputBuffer& buffer, std::size_t count) {
  std::array<std::span<const std::byte>, 3> pieces;
  const std::size_t filled = buffer.gather(pieces);
  std::string written;
  for (std::size_t i = 0; i < filled && written.size() < count; ++i) {
    const auto part = pieces[i].first(std::min(pieces[i].size(), count - written.size()));
    written.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  buffer.consume(written.size());
  return written;
}

}  // namespace

TEST_CASE("small and large pieces leave in order whatever is written at a time", "[output]") {
  std::mt19937 random(7);
  for (int run = 0; run < 50; ++run) {
    OutputBuffer buffer;
    std::string expected;
    std::string written;
    for (int step = 0; step < 200; ++step) {
      const std::string text(random() % 8 == 0 ? random() % 9'000 : random() % 90,
                             static_cast<char>('a' + step % 26));
      expected += "[" + text + "]";
      append(buffer, "[");
      buffer.append_payload(make_message(text, QoS::at_most_once));
      append(buffer, "]");
      CHECK(buffer.end_offset() == expected.size());
      if (random() % 2 == 0) written += write(buffer, random() % 6'000);
      CHECK(buffer.written_offset() == written.size());
      CHECK(buffer.size() == expected.size() - written.size());
    }
    while (!buffer.empty())
      written += write(buffer, 10'000);
    REQUIRE(written == expected);
  }
}

TEST_CASE("a large payload is written from where it lies, and lives until then", "[output]") {
  OutputBuffer buffer;
  auto message = make_message(std::string(5'000, 'x'), QoS::at_most_once);
  const std::byte* payload = message->payload().data();
  buffer.append_payload(message);
  message = {};
  std::array<std::span<const std::byte>, 1> pieces;
  REQUIRE(buffer.gather(pieces) == 1);
  CHECK(pieces[0].data() == payload);
  CHECK(write(buffer, 5'000) == std::string(5'000, 'x'));
}

TEST_CASE("a new connection begins with nothing to write and offset 0", "[output]") {
  OutputBuffer buffer;
  append(buffer, "old");
  write(buffer, 2);
  buffer.clear();
  CHECK(buffer.empty());
  CHECK(buffer.written_offset() == 0);
  append(buffer, "new");
  CHECK(write(buffer, 10) == "new");
}
