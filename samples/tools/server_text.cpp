#include "server_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "refuse.hpp"

namespace holdfast::tools {

namespace {

std::string joined(const std::vector<std::string>& servers) {
  std::string list;
  for (const std::string& server : servers)
    list += (list.empty() ? "" : ",") + server;
  return list;
}

}  // namespace

std::string scheme_of(const std::string& server) {
  const std::size_t end = server.find("://");
  if (end == std::string::npos) return "";
  std::string scheme = server.substr(0, end + 3);
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return scheme;
}

bool is_secure(const std::string& server) {
  const std::string scheme = scheme_of(server);
  return scheme == "mqtts://" || scheme == "wss://" || scheme == "ssl://" || scheme == "tls://";
}

bool is_websocket(const std::string& server) {
  const std::string scheme = scheme_of(server);
  return scheme == "ws://" || scheme == "wss://";
}

std::vector<std::string> servers_in(const std::string& list) {
  std::vector<std::string> servers;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string server = list.substr(begin, end - begin);
    if (!servers.empty() && !scheme_of(servers.back()).empty() && scheme_of(server).empty()) {
      servers.back() += "," + server;
    } else {
      servers.push_back(server);
    }
    begin = end + 1;
  }
  return servers;
}

std::string port_in(const std::string& host) {
  const std::size_t colon = host.rfind(':');
  const bool address = !host.empty() && (host.front() == '[' ? host.back() == ']' : host.find(':') != colon);
  return address || colon == std::string::npos ? "" : host.substr(colon + 1);
}

std::string in_brackets(const std::string& host) {
  const bool bare = !host.empty() && host.front() != '[' && std::count(host.begin(), host.end(), ':') > 1;
  return bare ? "[" + host + "]" : host;
}

std::string with_port(const std::string& list, const std::string& port) {
  std::vector<std::string> servers = servers_in(list);
  for (std::string& server : servers) {
    if (!scheme_of(server).empty() || !port_in(server).empty()) continue;
    server = in_brackets(server);
    if (!port.empty()) server += ":" + port;
  }
  return joined(servers);
}

void check_hosts(const std::string& list) {
  for (const std::string& host : servers_in(list)) {
    if (host.empty()) refuse("-h: the host must not be empty");
    if (scheme_of(host).empty() && host.find_first_of("@/") != std::string::npos) {
      refuse("-h: a host has no @ and no /: write HOST, HOST:PORT or a URL such as mqtt://USER@HOST");
    }
  }
}

namespace {
// What is no number may be a part of a password: it is not shown.
void check_ports(const std::string& hosts) {
  for (const std::string& host : servers_in(hosts)) {
    const std::string port = port_in(host);
    if (port.find_first_not_of("0123456789") == std::string::npos) continue;
    refuse("-L: the port is not a number: a / in a user or password has no place in the URL: give -u and -P");
  }
}
}  // namespace

LocatedTopic LocatedTopic::parse(const std::string& url) {
  const std::string scheme = scheme_of(url);
  constexpr std::array known{"mqtt://", "mqtts://", "ws://", "wss://"};
  if (std::find(known.begin(), known.end(), scheme) == known.end()) {
    refuse("-L: must be a URL mqtt://[user[:password]@]host[:port]/topic, or mqtts, ws or wss");
  }
  const std::size_t slash = std::min(url.find('/', scheme.size()), url.size());
  if (slash + 1 >= url.size()) {
    refuse("-L " + scheme + "...: the topic is missing: write " + scheme + "host[:port]/topic");
  }
  const std::string authority = url.substr(scheme.size(), slash - scheme.size());
  LocatedTopic located{scheme, std::nullopt, std::nullopt, authority, url.substr(slash + 1)};
  const std::size_t at = authority.rfind('@');
  if (at != std::string::npos) located.hosts = authority.substr(at + 1);
  check_ports(located.hosts);
  if (at == std::string::npos) return located;
  const std::size_t colon = authority.find(':');
  located.user = authority.substr(0, std::min(colon, at));
  if (colon < at) located.password = authority.substr(colon + 1, at - colon - 1);
  return located;
}

void LocatedTopic::change_hosts(const std::string& list) {
  hosts = with_port(list, port_in(servers_in(hosts).front()));
}

void LocatedTopic::change_port(int port) {
  std::vector<std::string> servers = servers_in(hosts);
  for (std::string& server : servers) {
    const std::string own = port_in(server);
    server = own.empty() ? in_brackets(server) : server.substr(0, server.size() - own.size() - 1);
    server += ":" + std::to_string(port);
  }
  hosts = joined(servers);
}

}  // namespace holdfast::tools
