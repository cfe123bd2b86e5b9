#include "net/server_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace holdfast::net {

namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw std::invalid_argument("server \"" + without_credentials(text) + "\": " + std::string(why));
}

constexpr const char* default_path = "/mqtt";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

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

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view part, std::string_view whole) {
  std::string decoded;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      decoded += part[i];
      continue;
    }
    const int high = i + 2 < part.size() ? hex_digit(part[i + 1]) : -1;
    const int low = i + 2 < part.size() ? hex_digit(part[i + 2]) : -1;
    if (high < 0 || low < 0)
      refuse(whole, "a % must be followed by two hexadecimal digits (%25 stands for %)");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::uint16_t parse_port(std::string_view digits, std::string_view whole) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole_number = error == std::errc() && end == digits.data() + digits.size();
  if (!whole_number || port == 0 || port > 65535) refuse(whole, "the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
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

void parse_credentials(std::string_view& rest, ServerUrl& url, std::string_view whole) {
  const std::size_t end = rest.rfind('@');
  if (end == std::string_view::npos) return;
  const std::string_view credentials = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  const std::size_t colon = credentials.find(':');
  url.user_name = percent_decoded(credentials.substr(0, colon), whole);
  if (colon != std::string_view::npos) url.password = percent_decoded(credentials.substr(colon + 1), whole);
}

// Where the part with the host ends, in what follows the scheme. A password may have slashes, and a path may
// have an @: only a WebSocket's has a path.
std::size_t authority_end(std::string_view rest, bool has_path) {
  return has_path ? std::min(rest.find_first_of("/?"), rest.size()) : rest.size();
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

void parse_host_and_port(std::string_view rest, ServerUrl& url, std::string_view whole) {
  std::size_t host_end = rest.rfind(':');
  if (!rest.empty() && rest.front() == '[') {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos)
      refuse(whole, "an IPv6 address needs a closing bracket: [::1]:1883");
    url.host = rest.substr(1, bracket - 1);
    host_end = bracket + 1;
    if (host_end < rest.size() && rest[host_end] != ':')
      refuse(whole, "after the bracket only :port may follow");
  } else {
    if (rest.find(':') != host_end) refuse(whole, "an IPv6 address needs brackets: [::1]:1883");
    url.host = rest.substr(0, host_end);
  }
  if (url.host.empty()) refuse(whole, "the host is missing: use mqtt://host:port");
  if (host_end < rest.size()) url.port = parse_port(rest.substr(host_end + 1), whole);
}

}  // namespace

std::string without_credentials(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string prefix = lower_case(text.substr(0, begin));
  if (prefix == "unix://") return std::string(text);
  const std::string_view rest = text.substr(begin);
  const std::size_t end = authority_end(rest, prefix == "ws://" || prefix == "wss://");
  const std::size_t at = rest.substr(0, end).rfind('@');
  const std::string_view shown = at == std::string_view::npos ? rest : rest.substr(at + 1);
  const std::size_t query = shown.find('?');
  return std::string(text.substr(0, begin)) + std::string(shown.substr(0, query)) +
         (query == std::string_view::npos ? "" : "?...");
}

std::string ServerUrl::endpoint() const {
  if (is_unix()) return "unix:" + without_spaces(path);
  const std::string name = lower_case(host);
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + std::to_string(port) +
         path.substr(0, path.find('?'));
}

std::string ServerUrl::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == default_port(scheme) ? name : name + ":" + std::to_string(port);
}

ServerUrl ServerUrl::parse(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  parse_scheme(rest, url, text);
  if (url.is_unix()) {
    if (rest.empty() || rest == "@") refuse(text, "the path is missing: use unix:///path or unix://@name");
    url.path = rest;
    return url;
  }
  if (url.is_websocket()) take_path(rest, url, text);
  parse_credentials(rest, url, text);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) {
    refuse(text, url.scheme + ":// has no path: use " + url.scheme + "://host:port");
  }
  parse_host_and_port(rest, url, text);
  return url;
}

}  // namespace holdfast::net
