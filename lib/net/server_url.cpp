#include "net/server_url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace holdfast::net {

namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw std::invalid_argument("server \"" + without_credentials(text) + "\": " + std::string(why));
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

void parse_scheme(std::string_view& rest, ServerUrl& url, std::string_view whole) {
  const std::size_t end = rest.find("://");
  if (end == std::string_view::npos) return;
  url.scheme = rest.substr(0, end);
  rest.remove_prefix(end + 3);
  if (url.scheme == "mqtt" || url.scheme == "tcp") return;
  refuse(whole, "\"" + url.scheme + "://\" is not supported: use mqtt://host:port");
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
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme < at ? scheme + 3 : 0;
  return std::string(text.substr(0, begin)) + std::string(text.substr(at + 1));
}

std::string ServerUrl::endpoint() const {
  std::string name = host;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + std::to_string(port);
}

ServerUrl ServerUrl::parse(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  parse_scheme(rest, url, text);
  parse_credentials(rest, url, text);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) refuse(text, "mqtt:// has no path: use mqtt://host:port");
  parse_host_and_port(rest, url, text);
  return url;
}

}  // namespace holdfast::net
