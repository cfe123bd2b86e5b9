#include "net/socks5.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "net/text.hpp"
#include "net/url_parts.hpp"

namespace holdfast::net {

namespace {

constexpr char version = 5;
constexpr char log_in_version = 1;
constexpr char connect_command = 1;

enum Method : std::uint8_t { no_log_in = 0, user_and_password = 2, none_acceptable = 0xFF };
enum AddressType : std::uint8_t { ipv4 = 1, domain = 3, ipv6 = 4 };

template <std::size_t size>
void append_bytes(std::string& output, const std::array<char, size>& bytes) {
  output.append(bytes.data(), bytes.size());
}

void append_counted(std::string& output, const std::string& text) {
  output += static_cast<char>(text.size());
  output += text;
}

// An address stays one; a name is resolved by the proxy.
void append_host(std::string& output, const std::string& host) {
  std::array<char, sizeof(in6_addr)> address{};
  if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
    output += static_cast<char>(ipv4);
    output.append(address.data(), sizeof(in_addr));
  } else if (::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    output += static_cast<char>(ipv6);
    append_bytes(output, address);
  } else {
    output += static_cast<char>(domain);
    append_counted(output, host);
  }
}

std::string reply_in_words(std::uint8_t reply, const std::string& server) {
  switch (reply) {
    case 1:
      return "it failed to connect to " + server +
             " (reply 1, general failure): check the name and the proxy's log";
    case 2:
      return "it forbids the way to " + server + " (reply 2): allow that host and port in the proxy";
    case 3:
      return "it finds the network of " + server + " unreachable (reply 3)";
    case 4:
      return "it finds " + server + " unreachable or unknown (reply 4): check the name";
    case 5:
      return "its connection to " + server + " was refused (reply 5): is the broker running?";
    case 6:
      return "it had no answer from " + server + " (reply 6, TTL expired)";
    case 7:
      return "it does not do CONNECT (reply 7): use another proxy";
    case 8:
      return "it does not take an address like " + server + " (reply 8): use another name or address of it";
    default:
      return "it does not connect to " + server + " (reply " + std::to_string(reply) + ")";
  }
}

}  // namespace

Socks5::Socks5(const ProxyUrl& proxy, const std::string& host, std::uint16_t port)
    : user_name_(proxy.user_name), password_(proxy.password.value_or("")), host_(host), port_(port) {}

void Socks5::begin(std::string& output) {
  output += version;
  if (user_name_) {
    append_bytes<3>(output, {2, no_log_in, user_and_password});
  } else {
    append_bytes<2>(output, {1, no_log_in});
  }
}

Handshake::Step Socks5::take(std::string_view& input, std::string& output) {
  Step step = Step::going_on;
  while (step == Step::going_on && !input.empty()) {
    const std::size_t wanted = answer_size();
    const std::size_t part = std::min(input.size(), wanted - answer_.size());
    answer_ += input.substr(0, part);
    input.remove_prefix(part);
    if (answer_.size() == wanted) step = take_answer(output);
  }
  return step;
}

// As far as it is known: the size of a reply is in the reply.
std::size_t Socks5::answer_size() const {
  if (awaited_ != Awaited::reply || answer_.size() < 2) return 2;
  constexpr std::size_t before_address = 4;
  constexpr std::size_t port_size = 2;
  if (answer_.size() < before_address + 1) return before_address + 1;
  switch (byte(3)) {
    case ipv4:
      return before_address + sizeof(in_addr) + port_size;
    case ipv6:
      return before_address + sizeof(in6_addr) + port_size;
    case domain:
      return before_address + 1 + byte(before_address) + port_size;
    default:
      return answer_.size();
  }
}

Handshake::Step Socks5::take_answer(std::string& output) {
  const char expected = awaited_ == Awaited::log_in ? log_in_version : version;
  if (answer_[0] != expected) {
    return refuse(answer_.starts_with("HT") ? "it answers as an HTTP proxy does: use http:// for it"
                                            : "its answer is no SOCKS5: \"" + shown(answer_) + "\"");
  }
  switch (awaited_) {
    case Awaited::method:
      return take_method(output);
    case Awaited::log_in:
      return take_log_in(output);
    case Awaited::reply:
      break;
  }
  return take_reply();
}

Handshake::Step Socks5::take_method(std::string& output) {
  const std::uint8_t method = byte(1);
  answer_.clear();
  if (method == no_log_in) {
    ask_connect(output);
    return Step::going_on;
  }
  if (method == user_and_password && user_name_) {
    output += log_in_version;
    append_counted(output, *user_name_);
    append_counted(output, password_);
    awaited_ = Awaited::log_in;
    return Step::going_on;
  }
  if (method != none_acceptable)
    return refuse("it chose log-in method " + std::to_string(method) + ", which was not offered");
  return refuse(user_name_
                    ? "it takes no log-in by user name and password"
                    : "it wants a log-in: write it into the proxy's URL, socks5://user:password@host:port");
}

Handshake::Step Socks5::take_log_in(std::string& output) {
  const std::uint8_t status = byte(1);
  answer_.clear();
  if (status != 0) return refuse("it refuses the user name or the password: check both");
  ask_connect(output);
  return Step::going_on;
}

void Socks5::ask_connect(std::string& output) {
  awaited_ = Awaited::reply;
  append_bytes<3>(output, {version, connect_command, 0});
  append_host(output, host_);
  output += static_cast<char>(port_ >> 8U);
  output += static_cast<char>(port_ & 0xFFU);
}

// Called as soon as the first two bytes are there, and with each size that becomes known.
Handshake::Step Socks5::take_reply() {
  if (byte(1) != 0) return refuse(reply_in_words(byte(1), host_and_port(host_, port_)));
  if (answer_.size() < 5) return Step::going_on;
  const std::uint8_t type = byte(3);
  if (type != ipv4 && type != ipv6 && type != domain)
    return refuse("its reply has an address of unknown type " + std::to_string(type));
  return answer_.size() == answer_size() ? Step::done : Step::going_on;
}

Handshake::Step Socks5::refuse(std::string why) {
  fault_ = std::move(why);
  return Step::failed;
}

}  // namespace holdfast::net
