#include "net/websocket_upgrade.hpp"

#include <mbedtls/md.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "net/base64.hpp"
#include "net/server_url.hpp"
#include "net/text.hpp"

namespace holdfast::net {

namespace {

constexpr std::string_view subprotocol = "mqtt";

std::string random_key() {
  std::array<std::byte, 16> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    throw std::system_error(errno, std::system_category(), "WebSocket: random bytes of the system");
  return base64(bytes);
}

// What a server makes of our key, to show that it has read it. [RFC 6455, 4.2.2]
std::string accepting(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::byte, 20> digest{};
  mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return base64(digest);
}

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 5> ours{"host", "upgrade", "connection", "content-length",
                                                 "transfer-encoding"};
  const std::string lower = lower_case(name);
  return lower.starts_with("sec-websocket-") || std::find(ours.begin(), ours.end(), lower) != ours.end();
}

[[noreturn]] void refuse(const std::string& name, const char* why) {
  throw std::invalid_argument("WebSocket header \"" + shown(name) + "\": " + why);
}

std::string_view without_query(std::string_view path) {
  return path.substr(0, path.find('?'));
}

}  // namespace

void check_websocket(const WebSocketTarget& target) {
  for (const auto& [name, value] : target.headers) {
    if (name.empty())
      throw std::invalid_argument("WebSocket header without a name: write {\"Name\", \"value\"}");
    if (!is_http_token(name))
      refuse(name, "a name has letters, digits and - alone: no space, no colon, no line break");
    if (is_ours(name)) refuse(name, "the client sets this one itself: leave it out");
    if (!is_http_value(value))
      refuse(name, "its value has a line break or another control character: take it out");
  }
}

WebSocketUpgrade::WebSocketUpgrade(WebSocketTarget target) : target_(std::move(target)), key_(random_key()) {}

void WebSocketUpgrade::begin(std::string& output) {
  output +=
      "GET " + target_.path + " HTTP/1.1\r\nHost: " + target_.authority +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
      key_ + "\r\nSec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n";
  for (const auto& [name, value] : target_.headers)
    output.append(name).append(": ").append(value).append("\r\n");
  output += "\r\n";
}

Handshake::Step WebSocketUpgrade::take(std::string_view& input, std::string&) {
  switch (head_.feed(input)) {
    case HttpHead::Step::need_more:
      return Step::going_on;
    case HttpHead::Step::malformed:
      fault_ = head_.fault() + ": " + doubt();
      return Step::failed;
    case HttpHead::Step::complete:
      break;
  }
  fault_ = complaint();
  return fault_.empty() ? Step::done : Step::failed;
}

std::string WebSocketUpgrade::complaint() const {
  if (head_.status() != 101) return refusal();
  if (!list_has(head_.header("Upgrade").value_or(""), "websocket"))
    return "the server switches to \"" + shown(head_.header("Upgrade").value_or("")) +
           "\" instead of websocket";
  if (!list_has(head_.header("Connection").value_or(""), "upgrade"))
    return "the server's answer has no line \"Connection: Upgrade\": what lies between may have taken it out";
  if (head_.header("Sec-WebSocket-Accept") != accepting(key_))
    return "the server's Sec-WebSocket-Accept does not fit our key: what answers is no WebSocket server, or "
           "a cache";
  if (const auto extensions = head_.header("Sec-WebSocket-Extensions"); extensions && !extensions->empty())
    return "the server uses an extension that was not asked for: \"" + shown(*extensions) + "\"";
  // A server that names none is taken: it cannot have chosen another, and many set theirs up without it.
  if (const auto chosen = head_.header("Sec-WebSocket-Protocol"); chosen && *chosen != subprotocol)
    return "the server speaks \"" + shown(*chosen) + "\" instead of mqtt [MQTT 5, 6.0.0-4]: check the path";
  return {};
}

std::string WebSocketUpgrade::refusal() const {
  const std::string status = head_.status_text();
  const std::string path = "\"" + shown(without_query(target_.path)) + "\"";
  switch (head_.status()) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return "redirects are not followed (" + status + "): name \"" +
             shown(without_credentials(head_.header("Location").value_or("the other server"))) + "\"";
    case 400:
      return "the server does not take the request (" + status + "): check the path " + path +
             " and the headers";
    case 401:
    case 403:
      return "the server refuses this client (" + status +
             "): check its credentials, the signature in the URL, and the headers";
    case 404:
      return "the server has nothing at the path " + path + " (" + status + "): check the path";
    case 429:
    case 503:
      return "the server has no time for us (" + status + "): try again later";
    default:
      return "the server does not switch to WebSocket (" + status + "): check the port and the path " + path;
  }
}

}  // namespace holdfast::net
