// Where a proxy is: as users write it, and as the environment names it.
#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>

#include "net/proxy.hpp"
#include "net/server_url.hpp"
#include "net/text.hpp"
#include "net/url_parts.hpp"

namespace holdfast::net {

namespace {

constexpr std::uint16_t http_port = 3128;  // Squid's; there is no official one.
constexpr std::uint16_t socks_port = 1080;

[[noreturn]] void refuse(const std::string& why) {
  throw std::invalid_argument(why);
}

void take_scheme(std::string_view& rest, ProxyUrl& url) {
  const std::size_t end = rest.find("://");
  if (end == std::string_view::npos)
    refuse("the kind of proxy is missing: use http://host:port or socks5://host:port");
  const std::string scheme = lower_case(rest.substr(0, end));
  rest.remove_prefix(end + 3);
  if (scheme == "http") {
    url.kind = ProxyUrl::Kind::http;
    url.port = http_port;
  } else if (scheme == "socks5" || scheme == "socks5h") {
    url.kind = ProxyUrl::Kind::socks5;
    url.port = socks_port;
  } else if (scheme == "https") {
    refuse(
        "TLS to the proxy itself is not supported: use http://host:port (mqtts:// and wss:// stay encrypted "
        "to the broker)");
  } else {
    refuse("\"" + shown(scheme) + "://\" is not supported: use http://host:port or socks5://host:port");
  }
}

void check_log_in(const ProxyUrl& url) {
  if (url.kind == ProxyUrl::Kind::http) {
    if (url.user_name.value_or("").find(':') != std::string::npos)
      refuse("a user name for Basic authentication has no colon [RFC 7617, 2]");
    return;
  }
  constexpr std::size_t size_max = 255;
  if (url.user_name && (url.user_name->empty() || url.user_name->size() > size_max))
    refuse("a user name for SOCKS5 has 1 to 255 bytes [RFC 1929, 2]");
  if (url.password.value_or("").size() > size_max)
    refuse("a password for SOCKS5 has at most 255 bytes [RFC 1929, 2]");
}

// Nothing for one that is absent or empty. The environment is read on a helper thread: an application that
// changes it at the same time breaks the rules of every getenv() in the process, not ours alone.
std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return {};
}

// A host itself, or the end of its name behind a dot.
bool matches(std::string_view host, std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern.starts_with('[') && pattern.ends_with(']')) pattern = pattern.substr(1, pattern.size() - 2);
  if (pattern.starts_with('.')) pattern.remove_prefix(1);
  if (pattern.empty() || !host.ends_with(pattern)) return false;
  return host.size() == pattern.size() || host[host.size() - pattern.size() - 1] == '.';
}

bool goes_without(const std::string& host) {
  const std::string list = lower_case(first_of({"no_proxy", "NO_PROXY"}));
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (matches(host, trimmed(rest.substr(0, comma)))) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

std::string variable_for(std::string_view scheme) {
  std::string value;
  // Not HTTP_PROXY: a web server gives a CGI program what a client sent as the header "Proxy" in it.
  if (scheme == "ws") value = first_of({"http_proxy"});
  if (scheme == "wss" || scheme == "mqtts") value = first_of({"https_proxy", "HTTPS_PROXY"});
  return value.empty() ? first_of({"all_proxy", "ALL_PROXY"}) : value;
}

}  // namespace

ProxyUrl ProxyUrl::parse(std::string_view text) {
  ProxyUrl url;
  std::string_view rest = text;
  try {
    take_scheme(rest, url);
    take_credentials(rest, url.user_name, url.password);
    if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    if (rest.find('/') != std::string_view::npos)
      refuse("a proxy has no path: use http://host:port or socks5://host:port");
    HostAndPort parsed = parse_host_and_port(rest);
    url.host = std::move(parsed.host);
    url.port = parsed.port.value_or(url.port);
    check_log_in(url);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("proxy \"" + without_credentials(text) + "\": " + error.what());
  }
  return url;
}

std::optional<ProxyUrl> proxy_from_environment(std::string_view scheme, std::string_view host) {
  std::string value = variable_for(scheme);
  if (value.empty() || goes_without(lower_case(host))) return std::nullopt;
  // As curl and others read it.
  if (value.find("://") == std::string::npos) value.insert(0, "http://");
  return ProxyUrl::parse(value);
}

}  // namespace holdfast::net
