#include "net/http_connect.hpp"

#include <span>

#include "net/base64.hpp"
#include "net/url_parts.hpp"

namespace holdfast::net {

HttpConnect::HttpConnect(const ProxyUrl& proxy, const std::string& host, std::uint16_t port)
    : server_(host_and_port(host, port)),
      with_log_in_(proxy.user_name.has_value() || proxy.password.has_value()),
      request_("CONNECT " + server_ + " HTTP/1.1\r\nHost: " + server_ + "\r\n") {
  if (with_log_in_) {
    const std::string log_in = proxy.user_name.value_or("") + ":" + proxy.password.value_or("");
    request_ += "Proxy-Authorization: Basic " + base64(std::as_bytes(std::span(log_in))) + "\r\n";
  }
  request_ += "\r\n";
}

Handshake::Step HttpConnect::take(std::string_view& input, std::string&) {
  switch (head_.feed(input)) {
    case HttpHead::Step::need_more:
      return Step::going_on;
    case HttpHead::Step::malformed:
      return Step::failed;
    case HttpHead::Step::complete:
      break;
  }
  return head_.status() >= 200 && head_.status() < 300 ? Step::done : Step::failed;
}

std::string HttpConnect::fault() const {
  if (!head_.fault().empty()) return head_.fault() + ": " + doubt();
  const std::string status = " (" + head_.status_text() + ")";
  switch (head_.status()) {
    case 401:  // What tinyproxy says of a wrong log-in.
    case 407:
      return with_log_in_ ? "it refuses the user name or the password" + status +
                                ": check both, and that it takes Basic authentication"
                          : "it wants a user name and a password" + status +
                                ": write them into the proxy's URL, http://user:password@host:port";
    case 403:
      return "it forbids the way to " + server_ + status + ": allow that host and port in the proxy";
    case 400:
    case 405:
    case 501:
      return "it does not do CONNECT" + status + ": " + doubt();
    case 404:
    case 500:
    case 502:
    case 503:
    case 504:
      return "it cannot reach " + server_ + status +
             ": check the name, and whether the broker runs and the proxy may reach it";
    default:
      return "it does not connect to " + server_ + status;
  }
}

}  // namespace holdfast::net
