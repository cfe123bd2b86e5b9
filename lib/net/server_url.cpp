#include "net/server_url.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "net/text.hpp"
#include "net/url_parts.hpp"

namespace holdfast::net {

namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw std::invalid_argument("server \"" + without_credentials(text) + "\": " + std::string(why));
}

constexpr const char* default_path = "/mqtt";
constexpr std::size_t unix_path_size_max = sizeof(sockaddr_un::sun_path) - 1;

std::string without_spaces(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == ' ') {
      escaped += "%20";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

struct Scheme {
  std::string_view name;
  std::string_view canonical;
  std::uint16_t port;
};
constexpr std::array schemes{Scheme{"mqtt", "mqtt", 1883},   Scheme{"tcp", "mqtt", 1883},
                             Scheme{"mqtts", "mqtts", 8883}, Scheme{"ssl", "mqtts", 8883},
                             Scheme{"tls", "mqtts", 8883},   Scheme{"ws", "ws", 80},
                             Scheme{"wss", "wss", 443},      Scheme{"unix", "unix", 0}};

std::uint16_t default_port(std::string_view scheme) {
  return std::find_if(schemes.begin(), schemes.end(),
                      [&](const Scheme& known) { return known.name == scheme; })
      ->port;
}

void parse_scheme(std::string_view& rest, ServerUrl& url, std::string_view whole) {
  const std::size_t end = rest.find("://");
  if (end == std::string_view::npos) return;
  const std::string name = lower_case(rest.substr(0, end));
  rest.remove_prefix(end + 3);
  const auto known =
      std::find_if(schemes.begin(), schemes.end(), [&](const Scheme& scheme) { return scheme.name == name; });
  if (known == schemes.end()) {
    refuse(whole, "\"" + name + "://\" is not supported: use mqtt://host:port, or mqtts, ws, wss or unix");
  }
  url.scheme = known->canonical;
  url.port = known->port;
}

// Where the part with the host ends, in what follows the scheme. A password may have slashes, and a path may
// have an @: only a WebSocket's has a path.
std::size_t authority_end(std::string_view rest, bool has_path) {
  return has_path ? std::min(rest.find_first_of("/?"), rest.size()) : rest.size();
}

// Whether what follows the last colon, if there is one, can be a port: else it is the beginning of a password
// with a slash in it.
bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon == std::string_view::npos || authority.back() == ']' ||
         authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

void take_path(std::string_view& rest, ServerUrl& url, std::string_view whole) {
  const std::size_t end = authority_end(rest, true);
  url.path = rest.substr(end);
  rest = rest.substr(0, end);
  const auto unprintable = [](char c) { return c <= ' ' || c >= 0x7F; };
  if (std::any_of(url.path.begin(), url.path.end(), unprintable) || url.path.find('#') != std::string::npos)
    refuse(whole, "the path must be written with % escapes, and without #");
  if (url.path.empty()) url.path = default_path;
  if (url.path.front() == '?') url.path.insert(0, default_path);
}

std::string without_secrets(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string prefix = lower_case(text.substr(0, begin));
  if (prefix == "unix://") return std::string(text);
  const std::string_view rest = text.substr(begin);
  const std::size_t end = authority_end(rest, prefix == "ws://" || prefix == "wss://");
  const std::size_t at = rest.substr(0, has_port(rest.substr(0, end)) ? end : rest.size()).rfind('@');
  const std::string_view shown = at == std::string_view::npos ? rest : rest.substr(at + 1);
  const std::size_t query = shown.find('?');
  return std::string(text.substr(0, begin)) + std::string(shown.substr(0, query)) +
         (query == std::string_view::npos ? "" : "?...");
}

}  // namespace

std::string without_credentials(std::string_view text) {
  std::string made = without_secrets(text);
  const auto unprintable = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  std::replace_if(made.begin(), made.end(), unprintable, '?');
  return made;
}

std::string ServerUrl::endpoint() const {
  if (is_unix()) return "unix:" + without_spaces(path);
  return host_and_port(lower_case(host), port) + path.substr(0, path.find('?'));
}

std::string ServerUrl::authority() const {
  // The zone of an IPv6 address means something on this machine alone. [RFC 6874, 1]
  const bool zoned = host.find(':') != std::string::npos && host.find('%') != std::string::npos;
  const std::string name = zoned ? host.substr(0, host.find('%')) : host;
  const std::string whole = host_and_port(name, port);
  return port == default_port(scheme) ? whole.substr(0, whole.rfind(':')) : whole;
}

ServerUrl ServerUrl::parse(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  parse_scheme(rest, url, text);
  if (url.is_unix()) {
    if (rest.empty() || rest == "@") refuse(text, "the path is missing: use unix:///path or unix://@name");
    if (rest.size() > unix_path_size_max || rest.find('\0') != std::string_view::npos)
      refuse(text, "a Unix socket's path has at most " + std::to_string(unix_path_size_max) +
                       " bytes, and no null character");
    url.path = rest;
    return url;
  }
  if (url.is_websocket()) take_path(rest, url, text);
  try {
    take_credentials(rest, url.user_name, url.password);
    if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    if (rest.find('/') != std::string_view::npos)
      throw std::invalid_argument(url.scheme + ":// has no path: use " + url.scheme + "://host:port");
    HostAndPort parsed = parse_host_and_port(rest);
    url.host = std::move(parsed.host);
    url.port = parsed.port.value_or(url.port);
  } catch (const std::invalid_argument& error) {
    refuse(text, error.what());
  }
  return url;
}

}  // namespace holdfast::net
