#include "net/http_head.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using holdfast::net::HttpHead;
using Step = HttpHead::Step;

namespace {

// Feeds `size` bytes at a time; what is left is what did not belong to the head.
Step feed(HttpHead& head, std::string_view& bytes, std::size_t size) {
  Step step = Step::need_more;
  while (step == Step::need_more && !bytes.empty()) {
    std::string_view part = bytes.substr(0, size);
    const std::size_t fed = part.size();
    step = head.feed(part);
    bytes.remove_prefix(fed - part.size());
  }
  return step;
}

std::string fault_of(std::string_view bytes, std::size_t size = 1) {
  HttpHead head;
  return feed(head, bytes, size) == Step::malformed ? head.fault() : "";
}

}  // namespace

TEST_CASE("a head is read in any split, and what is behind it is left", "[net][http]") {
  const std::string text =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Empty:\r\nx-list: a\r\nX-List: \tb "
      "\r\n\r\nbehind\n\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    CAPTURE(size);
    HttpHead head;
    std::string_view bytes = text;
    REQUIRE(feed(head, bytes, size) == Step::complete);
    CHECK(bytes == "behind\n\n");
    CHECK(head.status() == 101);
    CHECK(head.status_text() == "101 Switching Protocols");
    CHECK(head.header("UPGRADE") == "websocket");
    CHECK(head.header("X-Empty") == "");
    CHECK(head.header("X-List") == "a, b");
    CHECK_FALSE(head.header("X"));
  }
}

TEST_CASE("status lines of every manner are understood", "[net][http]") {
  const std::vector<std::pair<const char*, const char*>> table{
      {"HTTP/1.0 200 Connection established\r\n\r\n", "200 Connection established"},
      {"HTTP/1.1 407\r\n\r\n", "407"},
      {"HTTP/1.1 407 \r\n\r\n", "407"},
      {"HTTP/1.1 500 a\xFF\x80 b\r\n\r\n", "500 a?? b"},
      {"HTTP/1.1 404 Not Found\n\n", "404 Not Found"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "200 OK"},
  };
  for (const auto& [text, status] : table) {
    CAPTURE(text);
    HttpHead head;
    std::string_view bytes = text;
    REQUIRE(feed(head, bytes, 3) == Step::complete);
    CHECK(bytes.empty());
    CHECK(head.status_text() == status);
    CHECK_FALSE(head.header("A"));
  }
}

TEST_CASE("what is no HTTP head is refused as soon as it shows", "[net][http]") {
  const std::string no_http = "the answer is no HTTP";
  const std::string no_header = "the answer has a line that is no HTTP header";
  const std::vector<std::pair<std::string, std::string>> table{
      {"SSH-2.0", no_http},
      {"\r\n", no_http},
      {std::string("\x05\x00", 2), no_http},
      {"HTTP/2 200", no_http},
      {"HTTP/1.1 20 OK\r\n", no_http},
      {"HTTP/1.1 2000 OK\r\n", no_http},
      {"HTTP/1.1 200OK\r\n", no_http},
      {"HTTP/1.1 000 OK\r\n", no_http},
      {"HTTP/1.1  200 OK\r\n", no_http},
      {"HTTP/1.x 200 OK\r\n", no_http},
      {"HTTP/1.1 200 O\rK\r\n", no_http},
      {"http/1.1 200 OK\r\n", no_http},
      {"HTTP/1.1 200 OK\r\nno colon\r\n", no_header},
      {"HTTP/1.1 200 OK\r\n: no name\r\n", no_header},
      {"HTTP/1.1 200 OK\r\nname : value\r\n", no_header},
      {"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n", no_header},
      {"HTTP/1.1 200 OK\r\na: b\rc\r\n", no_header},
      {std::string("HTTP/1.1 200 OK\r\na: b\0c\r\n", 26), no_header},
  };
  for (const auto& [text, fault] : table) {
    CAPTURE(text);
    CHECK(fault_of(text).find(fault) == 0);
    CHECK(fault_of(text, 1000).find(fault) == 0);
  }
}

TEST_CASE("an endless head is refused after 16 KiB, whether of lines, of one line, or of interim ones",
          "[net][http]") {
  const std::string begin = "HTTP/1.1 200 OK\r\n";
  const std::string end = "\r\n";
  const auto head_of = [&](std::size_t size) {
    return begin + "a:" + std::string(size - begin.size() - 2 * end.size() - 2, 'x') + end + end;
  };
  HttpHead head;
  const std::string largest = head_of(HttpHead::size_max);
  std::string_view bytes = largest;
  CHECK(feed(head, bytes, 100) == Step::complete);
  CHECK(fault_of(head_of(HttpHead::size_max + 1), 100).find("longer than 16 KiB") != std::string::npos);
  std::string lines = begin;
  std::string interim;
  while (lines.size() <= HttpHead::size_max)
    lines += "a: b\r\n";
  while (interim.size() <= HttpHead::size_max)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK(fault_of(lines).find("longer than 16 KiB") != std::string::npos);
  CHECK(fault_of(interim).find("longer than 16 KiB") != std::string::npos);
}

TEST_CASE("a fault shows what came, without what a terminal would obey", "[net][http]") {
  CHECK(fault_of("\x1B[2J" + std::string(200, 'x') + "\r\n", 1000) ==
        "the answer is no HTTP: \"?[2J" + std::string(96, 'x') + "...\"");
}
