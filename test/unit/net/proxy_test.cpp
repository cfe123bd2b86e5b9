// Through a proxy that is nothing but the bytes of a test.
#include "net/proxy.hpp"

#include <poll.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "net/transport_error.hpp"
#include "support/catch.hpp"
#include "support/memory_stream.hpp"

using namespace holdfast;
using namespace holdfast::net;
using support::MemoryPeer;
using namespace std::string_literals;

namespace {

const ProxyUrl http_proxy{.host = "proxy", .port = 3128};
const ProxyUrl http_proxy_with_log_in{.user_name = "me", .password = "secret", .host = "proxy", .port = 3128};
const ProxyUrl socks_proxy{.kind = ProxyUrl::Kind::socks5, .host = "proxy", .port = 1080};
const ProxyUrl socks_proxy_with_log_in{
    .kind = ProxyUrl::Kind::socks5, .user_name = "me", .password = "secret", .host = "proxy", .port = 1080};

const std::string established = "HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n";
const std::string socks_greeting = "\x05\x00"s;
const std::string socks_connected = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;

struct Way {
  std::shared_ptr<MemoryPeer> peer = std::make_shared<MemoryPeer>();
  std::unique_ptr<ByteStream> stream;

  explicit Way(const ProxyUrl& proxy, const std::string& host = "broker", std::uint16_t port = 1883)
      : stream(proxy_over(std::make_unique<support::MemoryStream>(peer), proxy, host, port)) {}

  IoResult answer(const std::string& bytes) {
    peer->to_read += bytes;
    return stream->advance();
  }
  std::string read() {
    std::string text;
    std::array<std::byte, 7> bytes;
    for (;;) {
      const IoResult result = stream->read(bytes);
      if (result.status != IoStatus::ok) return text;
      text.append(reinterpret_cast<const char*>(bytes.data()), result.bytes);
    }
  }
};

// What becomes of a proxy that gives this answer: empty if it lets us through.
std::string failure_after(const ProxyUrl& proxy, const std::string& answer) {
  Way way(proxy);
  const IoResult result = way.answer(answer);
  if (result.status == IoStatus::ok) return "";
  if (result.status == IoStatus::would_block) return "waits: " + way.stream->failure();
  CHECK(result.error == TransportErrc::proxy);
  return way.stream->failure();
}

}  // namespace

TEST_CASE("HTTP CONNECT asks for host and port, with a log-in where there is one", "[net][proxy]") {
  Way way(http_proxy);
  CHECK(way.stream->advance().status == IoStatus::would_block);
  CHECK(way.peer->take_written() == "CONNECT broker:1883 HTTP/1.1\r\nHost: broker:1883\r\n\r\n");
  CHECK(way.stream->poll_events(false, false) == POLLIN);
  Way with_log_in(http_proxy_with_log_in, "2001:db8::1", 8883);
  CHECK(with_log_in.stream->advance().status == IoStatus::would_block);
  CHECK(with_log_in.peer->take_written() ==
        "CONNECT [2001:db8::1]:8883 HTTP/1.1\r\nHost: [2001:db8::1]:8883\r\n"
        "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
}

TEST_CASE("SOCKS5 asks by name, so that the proxy resolves it, and by address where there is one",
          "[net][proxy]") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"broker", "\x03\x06"s + "broker"},
      {"127.0.0.1", "\x01\x7F\x00\x00\x01"s},
      {"::1", "\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"s},
      {"127.0.0.1x", "\x03\x0A"s + "127.0.0.1x"},
  };
  for (const auto& [host, address] : table) {
    CAPTURE(host);
    Way way(socks_proxy, host, 0x1234);
    CHECK(way.stream->advance().status == IoStatus::would_block);
    CHECK(way.peer->take_written() == "\x05\x01\x00"s);
    CHECK(way.answer(socks_greeting).status == IoStatus::would_block);
    CHECK(way.peer->take_written() == "\x05\x01\x00"s + address + "\x12\x34");
    CHECK(way.answer(socks_connected).status == IoStatus::ok);
  }
}

TEST_CASE("SOCKS5 logs in by user name and password where the proxy wants it", "[net][proxy]") {
  Way way(socks_proxy_with_log_in);
  CHECK(way.stream->advance().status == IoStatus::would_block);
  CHECK(way.peer->take_written() == "\x05\x02\x00\x02"s);
  SECTION("it wants it") {
    CHECK(way.answer("\x05\x02").status == IoStatus::would_block);
    CHECK(way.peer->take_written() == "\x01\x02me\x06secret"s);
    CHECK(way.answer("\x01\x00"s).status == IoStatus::would_block);
  }
  SECTION("it does not") {
    CHECK(way.answer(socks_greeting).status == IoStatus::would_block);
  }
  CHECK(way.peer->take_written() == "\x05\x01\x00\x03\x06"s + "broker\x07\x5B");
  CHECK(way.answer(socks_connected).status == IoStatus::ok);
}

TEST_CASE("what comes behind the proxy's answer belongs to the stream, in every split", "[net][proxy]") {
  const bool socks = GENERATE(false, true);
  const std::string answer = socks ? socks_greeting + "\x05\x00\x00\x03\x04name\x00\x01"s : established;
  const std::string behind = "the first bytes\n\n of the stream";
  const std::string all = answer + behind;
  for (std::size_t split = 1; split < all.size(); ++split) {
    CAPTURE(split);
    Way way(socks ? socks_proxy : http_proxy);
    way.peer->read_at_most = split % 3 == 0 ? 1 : MemoryPeer::unlimited;
    const IoResult first = way.answer(all.substr(0, split));
    CHECK(first.status == (split < answer.size() ? IoStatus::would_block : IoStatus::ok));
    REQUIRE(way.answer(all.substr(split)).status == IoStatus::ok);
    CHECK(way.read() == behind);
    CHECK_FALSE(way.stream->has_pending_input());
  }
}

TEST_CASE("bytes that came with the answer are known to wait", "[net][proxy]") {
  Way way(http_proxy);
  REQUIRE(way.answer(established + "xy").status == IoStatus::ok);
  CHECK(way.stream->has_pending_input());
  std::array<std::byte, 1> byte;
  CHECK(way.stream->read(byte).bytes == 1);
  CHECK(way.stream->has_pending_input());
  CHECK(way.stream->read(byte).bytes == 1);
  CHECK_FALSE(way.stream->has_pending_input());
  CHECK(way.stream->read(byte).status == IoStatus::would_block);
}

TEST_CASE("behind the answer the proxy is not there", "[net][proxy]") {
  Way way(socks_proxy);
  REQUIRE(way.answer(socks_greeting + socks_connected).status == IoStatus::ok);
  way.peer->take_written();
  const std::string text = "hello";
  const std::array pieces{std::as_bytes(std::span(text))};
  CHECK(way.stream->write(pieces).bytes == 5);
  CHECK(way.peer->take_written() == "hello");
  CHECK(way.stream->poll_events(true, false) == POLLIN);
  CHECK(way.stream->poll_events(false, true) == POLLOUT);
  way.peer->at_end = {IoStatus::closed};
  std::array<std::byte, 1> byte;
  CHECK(way.stream->read(byte).status == IoStatus::closed);
  CHECK(way.stream->failure() == "");
}

TEST_CASE("a request is written as slowly as the proxy takes it", "[net][proxy]") {
  Way way(http_proxy);
  way.peer->room = 0;
  for (int i = 0; i < 1000 && way.peer->written.find("\r\n\r\n") == std::string::npos; ++i) {
    CHECK(way.stream->advance().status == IoStatus::would_block);
    if (way.peer->written.find("\r\n\r\n") == std::string::npos)
      CHECK(way.stream->poll_events(false, false) == POLLOUT);
    way.peer->room = 1;
  }
  CHECK(way.peer->written == "CONNECT broker:1883 HTTP/1.1\r\nHost: broker:1883\r\n\r\n");
  CHECK(way.answer(established).status == IoStatus::ok);
}

TEST_CASE("nothing is said before the connection stands", "[net][proxy]") {
  Way way(http_proxy);
  way.peer->connecting = {IoStatus::would_block};
  CHECK(way.stream->advance().status == IoStatus::would_block);
  CHECK(way.stream->poll_events(false, false) == POLLPRI);
  CHECK(way.peer->written == "");
  way.peer->connecting = {};
  CHECK(way.answer(established).status == IoStatus::ok);
}

TEST_CASE("every refusal of an HTTP proxy has its words", "[net][proxy]") {
  const auto answer = [](const std::string& status) { return "HTTP/1.1 " + status + "\r\n\r\n"; };
  const std::vector<std::pair<const char*, const char*>> table{
      {"407 Proxy Authentication Required",
       "it wants a user name and a password (407 Proxy Authentication Required)"},
      {"401 Unauthorized",
       "it wants a user name and a password (401 Unauthorized): write them into the proxy's URL"},
      {"403 Access violation",
       "it forbids the way to broker:1883 (403 Access violation): allow that host and port"},
      {"400 Bad Request", "it does not do CONNECT (400 Bad Request): is this an HTTP proxy?"},
      {"405 Method Not Allowed", "it does not do CONNECT"},
      {"501 Not Implemented", "it does not do CONNECT"},
      {"404 Not Found", "it cannot reach broker:1883 (404 Not Found)"},
      {"500 Unable to connect", "it cannot reach broker:1883 (500 Unable to connect): check the name"},
      {"502 Bad Gateway", "it cannot reach broker:1883"},
      {"503 Service Unavailable", "it cannot reach broker:1883"},
      {"504 Gateway Timeout", "it cannot reach broker:1883"},
      {"302 Found", "it does not connect to broker:1883 (302 Found)"},
      {"101 Switching Protocols", "it does not connect to broker:1883 (101 Switching Protocols)"},
  };
  for (const auto& [status, words] : table) {
    const std::string said = failure_after(http_proxy, answer(status));
    CAPTURE(status, said);
    CHECK(said.rfind("proxy proxy:3128: "s + words, 0) == 0);
  }
  for (const char* status : {"401 Unauthorized", "407 Proxy Authentication Required"}) {
    const std::string said = failure_after(http_proxy_with_log_in, answer(status));
    CHECK(said.find("it refuses the user name or the password (") != std::string::npos);
    CHECK(said.find("secret") == std::string::npos);
  }
  CHECK(failure_after(http_proxy, answer("204 No Content")) == "");
}

TEST_CASE("every refusal of a SOCKS5 proxy has its words", "[net][proxy]") {
  const std::vector<const char*> replies{
      "",
      "it failed to connect to broker:1883 (reply 1, general failure): check the name",
      "it forbids the way to broker:1883 (reply 2)",
      "it finds the network of broker:1883 unreachable (reply 3)",
      "it finds broker:1883 unreachable or unknown (reply 4)",
      "its connection to broker:1883 was refused (reply 5): is the broker running?",
      "it had no answer from broker:1883 (reply 6, TTL expired)",
      "it does not do CONNECT (reply 7)",
      "it does not take an address like broker:1883 (reply 8)",
      "it does not connect to broker:1883 (reply 9)",
  };
  for (std::size_t reply = 1; reply < replies.size(); ++reply) {
    CAPTURE(reply);
    // Some proxies send no more than these two bytes of it.
    const std::string said = failure_after(socks_proxy, socks_greeting + "\x05"s + static_cast<char>(reply));
    CHECK(said.rfind("proxy proxy:1080: "s + replies[reply], 0) == 0);
  }
  CHECK(failure_after(socks_proxy, "\x05\xFF")
            .find("it wants a log-in: write it into the proxy's URL, "
                  "socks5://user:password@host:port") != std::string::npos);
  CHECK(failure_after(socks_proxy_with_log_in, "\x05\xFF")
            .find("it takes no log-in by user name and password") != std::string::npos);
  CHECK(failure_after(socks_proxy_with_log_in, "\x05\x02\x01\x01")
            .find("it refuses the user name or the password") != std::string::npos);
  CHECK(failure_after(socks_proxy, "\x05\x02").find("log-in method 2, which was not offered") !=
        std::string::npos);
}

TEST_CASE("garbage instead of a proxy's answer is told apart from a refusal", "[net][proxy]") {
  CHECK(failure_after(http_proxy, "SSH-2.0-x\r\n") ==
        "proxy proxy:3128: the answer is no HTTP: \"SSH-2.0-x\": is this an HTTP proxy?");
  CHECK(failure_after(http_proxy, "\x05\x00"s).find("is this an HTTP proxy?") != std::string::npos);
  CHECK(failure_after(http_proxy, "HTTP/1.1 200 OK\r\n" + std::string(20'000, 'x'))
            .find("longer than 16 KiB") != std::string::npos);
  CHECK(failure_after(socks_proxy, established) ==
        "proxy proxy:1080: it answers as an HTTP proxy does: use http:// for it");
  CHECK(failure_after(socks_proxy, "SSH-2.0-x\r\n") == "proxy proxy:1080: its answer is no SOCKS5: \"SS\"");
  CHECK(failure_after(socks_proxy_with_log_in, "\x05\x02\x05\x00"s).find("no SOCKS5") != std::string::npos);
  CHECK(failure_after(socks_proxy, socks_greeting + "\x04\x00"s).find("no SOCKS5") != std::string::npos);
  CHECK(failure_after(socks_proxy, socks_greeting + "\x05\x00\x00\x02\x00"s).find("unknown type 2") !=
        std::string::npos);
}

TEST_CASE("a proxy that ends or says nothing is described so", "[net][proxy]") {
  CHECK(failure_after(http_proxy, "") == "waits: proxy proxy:3128: there is no answer");
  CHECK(failure_after(http_proxy, "HTTP/1.1 2") == "waits: proxy proxy:3128: the answer has no end");
  for (const auto& proxy : {http_proxy, socks_proxy}) {
    Way way(proxy);
    way.peer->at_end = {IoStatus::closed};
    const IoResult result = way.stream->advance();
    CHECK(result.status == IoStatus::failed);
    CHECK(result.error == TransportErrc::proxy);
    CHECK(way.stream->failure().find("the connection ended without an answer: is this") != std::string::npos);
    Way reset(proxy);
    reset.peer->at_end = {IoStatus::failed, 0, std::make_error_code(std::errc::connection_reset)};
    CHECK(reset.stream->advance().error == std::errc::connection_reset);
    CHECK(reset.stream->failure().find("ended without an answer (Connection reset by peer): is this") !=
          std::string::npos);
  }
}
