// The handshake with a WebSocket server that is nothing but the bytes of a test.
#include <poll.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/transport_error.hpp"
#include "net/websocket_stream.hpp"
#include "websocket_peer.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace holdfast::test;
using namespace std::string_literals;

namespace {

std::string complaint(const std::string& name, const std::string& value) {
  try {
    check_websocket({"host", "/", {{name, value}}});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

// What becomes of a server that answers this way: empty if it is taken.
std::string failure_after(const std::string& answer) {
  WebSocketPeer peer;
  const IoResult result = peer.answer(answer);
  if (result.status == IoStatus::ok) return "";
  if (result.status == IoStatus::would_block) return "waits: " + peer.stream->failure();
  CHECK(result.error == TransportErrc::websocket);
  return peer.stream->failure();
}

// A good answer in which one line is another.
std::string failure_with(const std::string& line, const std::string& instead) {
  WebSocketPeer peer;
  std::string answer = accepting_answer(peer.request());
  const std::size_t at = answer.find(line);
  REQUIRE(at != std::string::npos);
  answer.replace(at, answer.find("\r\n", at) + 2 - at, instead);
  const IoResult result = peer.answer(answer);
  return result.status == IoStatus::ok ? "" : peer.stream->failure();
}

}  // namespace

TEST_CASE("the test's own server accepts a key as RFC 6455 has it", "[net][websocket]") {
  CHECK(accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE(
    "the request asks for MQTT over WebSocket, at the path with its query, with the headers that were given",
    "[net][websocket][MQTT-6.0.0-3][3.1.1/MQTT-6.0.0-3]") {
  WebSocketPeer peer({"host:9001", "/a%20b?x=y/z", {{"Authorization", "Bearer t"}, {"X-Empty", ""}}});
  const std::string request = peer.request();
  CHECK(request.rfind("GET /a%20b?x=y/z HTTP/1.1\r\nHost: host:9001\r\n", 0) == 0);
  for (const char* line : {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                           "Sec-WebSocket-Protocol: mqtt", "Authorization: Bearer t", "X-Empty: "})
    CHECK(request.find("\r\n"s + line + "\r\n") != std::string::npos);
  CHECK(request.find("Sec-WebSocket-Extensions") == std::string::npos);
  CHECK(request.find("\r\n\r\n") == request.size() - 4);
  const std::string key = key_of(request);
  CHECK(key.size() == 24);
  CHECK(key.substr(22) == "==");
  CHECK(key_of(WebSocketPeer().request()) != key);
}

TEST_CASE("a server that switches to WebSocket is taken, however it writes its lines and in every split",
          "[net][websocket]") {
  WebSocketPeer peer;
  std::string answer =
      "HTTP/1.1 101 x\r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\nserver: y\r\n"
      "sec-websocket-accept:" +
      accept_of(key_of(peer.request())) + "\r\n";
  const bool names_protocol = GENERATE(false, true);
  if (names_protocol) answer += "Sec-WebSocket-Protocol: mqtt\r\n";
  answer += "\r\n";
  for (std::size_t i = 0; i + 1 < answer.size(); ++i)
    REQUIRE(peer.answer(answer.substr(i, 1)).status == IoStatus::would_block);
  CHECK(peer.answer("\n").status == IoStatus::ok);
}

TEST_CASE("each missing part of the agreement is named", "[net][websocket]") {
  const std::vector<std::pair<std::pair<std::string, std::string>, std::string>> table{
      {{"Upgrade:", ""}, "the server switches to \"\" instead of websocket"},
      {{"Upgrade:", "Upgrade: h2c\r\n"}, "the server switches to \"h2c\" instead of websocket"},
      {{"Connection:", ""}, "the server's answer has no line \"Connection: Upgrade\""},
      {{"Connection:", "Connection: close\r\n"}, "the server's answer has no line \"Connection: Upgrade\""},
      {{"Sec-WebSocket-Accept:", ""}, "the server's Sec-WebSocket-Accept does not fit our key"},
      {{"Sec-WebSocket-Accept:", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"},
       "the server's Sec-WebSocket-Accept does not fit our key"},
      {{"Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: soap\r\n"},
       "the server speaks \"soap\" instead of mqtt [MQTT 5, 6.0.0-4]"},
      {{"Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: mqtt, soap\r\n"},
       "the server speaks \"mqtt, soap\""},
      {{"Server:", "Sec-WebSocket-Extensions: permessage-deflate\r\n"},
       "the server uses an extension that was not asked for: \"permessage-deflate\""},
  };
  for (const auto& [change, words] : table) {
    const std::string said = failure_with(change.first, change.second);
    CAPTURE(change.first, change.second, said);
    CHECK(said.rfind(words, 0) == 0);
  }
}

TEST_CASE("every other answer has its words, and no secret of the URL is in them", "[net][websocket]") {
  const std::vector<std::pair<const char*, const char*>> table{
      {"HTTP/1.1 200 OK\r\n\r\n",
       "the server does not switch to WebSocket (200 OK): check the port and the path \"/mqtt\""},
      {"HTTP/1.1 400 Bad Request\r\n\r\n",
       "the server does not take the request (400 Bad Request): check the path \"/mqtt\""},
      {"HTTP/1.1 401 Unauthorized\r\n\r\n", "the server refuses this client (401 Unauthorized)"},
      {"HTTP/1.1 403 Forbidden\r\n\r\n",
       "the server refuses this client (403 Forbidden): check its credentials"},
      {"HTTP/1.1 404 Not Found\r\n\r\n", "the server has nothing at the path \"/mqtt\" (404 Not Found)"},
      {"HTTP/1.1 426 Upgrade Required\r\n\r\n",
       "the server does not switch to WebSocket (426 Upgrade Required)"},
      {"HTTP/1.1 503 Busy\r\n\r\n", "the server has no time for us (503 Busy)"},
      {"HTTP/1.1 301 Moved\r\nLocation: wss://me:secret@other/mqtt?signature=secret\r\n\r\n",
       "redirects are not followed (301 Moved): name \"wss://other/mqtt?...\""},
      {"HTTP/1.1 307 T\r\n\r\n", "redirects are not followed (307 T): name \"the other server\""},
      {"SSH-2.0-OpenSSH\r\n", "the answer is no HTTP: \"SSH-2.0-OpenSSH\": is this a WebSocket server?"},
      {"\x20\x02", "the answer is no HTTP: \" ?\": is this a WebSocket server?"},
      {"HTTP/1.1 101 x\r\n\x01: y\r\n", "the answer has a line that is no HTTP header"},
      {"HTTP/1.1 101", "waits: the answer has no end"},
      {"", "waits: there is no answer"},
  };
  for (const auto& [answer, words] : table) {
    const std::string said = failure_after(answer);
    CAPTURE(answer, said);
    CHECK(said.rfind(words, 0) == 0);
    CHECK(said.find("secret") == std::string::npos);
  }
  CHECK(failure_after("HTTP/1.1 101 x\r\n" + std::string(20'000, 'x')).find("longer than 16 KiB") !=
        std::string::npos);
}

TEST_CASE("headers that no request can carry, and those that are the client's own, are refused by name",
          "[net][websocket]") {
  CHECK(complaint("Authorization", "Bearer abc.def") == "");
  CHECK(complaint("X-Tab", "a\tb \xC3\xA4") == "");
  const std::vector<std::pair<std::pair<std::string, std::string>, std::string>> table{
      {{"", "x"}, "WebSocket header without a name"},
      {{"a b", "x"}, "WebSocket header \"a b\": a name has letters, digits and - alone"},
      {{"a:", "x"}, "WebSocket header \"a:\": a name has"},
      {{"a\r\nb", "x"}, "WebSocket header \"a??b\": a name has"},
      {{"a", "x\r\ny: z"}, "WebSocket header \"a\": its value has a line break"},
      {{"a", "x\ny"}, "WebSocket header \"a\": its value has a line break"},
      {{"a", "x\0y"s}, "WebSocket header \"a\": its value has a line break or another control character"},
  };
  for (const auto& [header, words] : table) {
    const std::string said = complaint(header.first, header.second);
    CAPTURE(said, words);
    CHECK(said.rfind(words, 0) == 0);
  }
  for (const char* name : {"Host", "UPGRADE", "connection", "Sec-WebSocket-Protocol", "sec-websocket-key",
                           "Content-Length", "Transfer-Encoding"})
    CHECK(complaint(name, "x").find("the client sets this one itself") != std::string::npos);
}
