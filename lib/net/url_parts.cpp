#include "net/url_parts.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace holdfast::net {

namespace {

// More than any name that DNS can hold, and as much as SOCKS5 can carry.
constexpr std::size_t host_size_max = 255;

[[noreturn]] void refuse(const char* why) {
  throw std::invalid_argument(why);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view part) {
  std::string decoded;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      decoded += part[i];
      continue;
    }
    const int high = i + 2 < part.size() ? hex_digit(part[i + 1]) : -1;
    const int low = i + 2 < part.size() ? hex_digit(part[i + 2]) : -1;
    if (high < 0 || low < 0) refuse("a % must be followed by two hexadecimal digits (%25 stands for %)");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::uint16_t parse_port(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole_number = error == std::errc() && end == digits.data() + digits.size();
  if (!whole_number || port == 0 || port > 65535) refuse("the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

void check_host(std::string_view host) {
  if (host.size() > host_size_max) refuse("the host has more than 255 characters");
  // It becomes part of lines that are sent to WebSocket servers and proxies.
  const auto unprintable = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; };
  if (std::any_of(host.begin(), host.end(), unprintable))
    refuse("the host has a space or a control character: take it out");
}

}  // namespace

void take_credentials(std::string_view& rest, std::optional<std::string>& user_name,
                      std::optional<std::string>& password) {
  const std::size_t end = rest.rfind('@');
  if (end == std::string_view::npos) return;
  const std::string_view credentials = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  const std::size_t colon = credentials.find(':');
  user_name = percent_decoded(credentials.substr(0, colon));
  if (colon != std::string_view::npos) password = percent_decoded(credentials.substr(colon + 1));
}

HostAndPort parse_host_and_port(std::string_view text) {
  HostAndPort parsed;
  std::size_t host_end = text.rfind(':');
  if (!text.empty() && text.front() == '[') {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) refuse("an IPv6 address needs a closing bracket: [::1]:1883");
    parsed.host = text.substr(1, bracket - 1);
    host_end = bracket + 1;
    if (host_end < text.size() && text[host_end] != ':') refuse("after the bracket only :port may follow");
  } else {
    if (text.find(':') != host_end) refuse("an IPv6 address needs brackets: [::1]:1883");
    parsed.host = text.substr(0, host_end);
  }
  if (parsed.host.empty()) refuse("the host is missing");
  check_host(parsed.host);
  if (host_end < text.size()) parsed.port = parse_port(text.substr(host_end + 1));
  return parsed;
}

std::string host_and_port(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace holdfast::net
