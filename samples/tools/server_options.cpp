#include "server_options.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "command_line.hpp"
#include "refuse.hpp"
#include "reporting.hpp"
#include "server_text.hpp"

namespace holdfast::tools {

namespace {

constexpr int tls_port = 8883;
constexpr const char* tls_port_digits = "8883";

std::string scheme_for(bool websocket, bool secure) {
  if (websocket) return secure ? "wss://" : "ws://";
  return secure ? "mqtts://" : "mqtt://";
}

void check_port(int port) {
  if (port < 1 || port > 65535) refuse("-p " + std::to_string(port) + ": a port is a number from 1 to 65535");
}

void check_way(const ServerOptions& options) {
  if (options.proxy_from_environment && !options.proxy.empty()) {
    refuse("--proxy and --proxy-env exclude each other: give one");
  }
  if (!options.websocket_path.empty() && options.websocket_path.front() != '/') {
    refuse("--ws-path " + options.websocket_path + ": must begin with a slash");
  }
}

void check_unix(const ServerOptions& options, const TlsOptions& tls) {
  const auto exclude = [](const std::string& name) {
    if (name.empty()) return;
    refuse(name + " does not go with --unix, which is a way without network: leave one out");
  };
  exclude(options.port ? "-p" : "");
  exclude(options.websocket ? "--ws" : "");
  exclude(options.proxy.empty() ? "" : "--proxy");
  exclude(options.proxy_from_environment ? "--proxy-env" : "");
  exclude(options.bind_address.empty() ? "" : "-A");
  exclude(tls.asking());
}

// -h with a whole URL, which says by itself what the other options say of a host.
std::string server_of_url(const ServerOptions& options, const TlsOptions& tls, const std::string& url) {
  const std::string scheme = scheme_of(url);
  if (options.port) refuse("-p does not go with -h " + scheme + "...: write the port into the URL");
  if (options.websocket && !is_websocket(url)) {
    refuse("--ws does not go with -h " + scheme + "...: write ws:// or wss://");
  }
  if (!options.websocket_path.empty()) {
    refuse("--ws-path does not go with -h " + scheme + "...: write the path into the URL");
  }
  if (!tls.asking().empty() && !is_secure(url)) {
    refuse(tls.asking() + " is for TLS, and -h " + scheme + "... is without: write mqtts:// or wss://");
  }
  return url;
}

std::string server_of_host(const ServerOptions& options, const TlsOptions& tls, const std::string& host) {
  if (!scheme_of(host).empty()) return server_of_url(options, tls, host);
  const std::string own_port = port_in(host);
  if (!own_port.empty() && options.port) refuse("-p does not go with -h " + host + ": give the port once");
  // As for mosquitto, a port that is TLS's own asks for it.
  const bool secure = !tls.asking().empty() || options.port == tls_port || own_port == tls_port_digits;
  std::string server = scheme_for(options.websocket, secure) + in_brackets(host);
  if (own_port.empty()) server += ":" + std::to_string(options.port.value_or(secure ? tls_port : 1883));
  return server + options.websocket_path;
}

// As mosquitto takes -L: the options for TLS and --ws count for a mqtt:// URL, too, and so does TLS's own
// port.
std::string server_of_located(const ServerOptions& options, const TlsOptions& tls,
                              const LocatedTopic& located, const std::string& host) {
  const std::string own_port = port_in(host);
  // Once one of them has asked for TLS, it is meant for all.
  const bool secure = std::any_of(options.urls.begin(), options.urls.end(), is_secure) ||
                      !tls.asking().empty() || (located.scheme == "mqtt://" && own_port == tls_port_digits);
  const std::string scheme = scheme_for(is_websocket(located.scheme) || options.websocket, secure);
  std::string server = scheme + host;
  // A scheme that an option has changed keeps the port of the one that was written.
  if (own_port.empty() && scheme != located.scheme) {
    if (located.scheme == "mqtt://") server += ":1883";
    if (located.scheme == "mqtts://") server += ":8883";
  }
  return server + options.websocket_path;
}

std::vector<std::string> servers_of(const ServerOptions& options, const TlsOptions& tls) {
  if (!options.unix_socket.empty()) return {"unix://" + options.unix_socket};
  std::vector<std::string> servers;
  if (options.located) {
    for (const std::string& host : servers_in(options.located->hosts))
      servers.push_back(server_of_located(options, tls, *options.located, host));
  } else {
    for (const std::string& host : servers_in(options.host.value_or("localhost")))
      servers.push_back(server_of_host(options, tls, host));
  }
  return servers;
}

void check_servers(const ServerOptions& options, const TlsOptions& tls,
                   const std::vector<std::string>& servers) {
  if (servers.size() == 1 && (options.cluster || options.shuffle)) {
    refuse(std::string(options.cluster ? "--cluster" : "--shuffle") +
           " is for several servers: name them with commas between, such as -h node1,node2");
  }
  // Mosquitto's tools take no notice.
  if (!tls.needing().empty() && std::none_of(servers.begin(), servers.end(), is_secure)) {
    complain("Warning", tls.needing() + " does nothing without TLS");
  }
  const bool websocket = std::any_of(servers.begin(), servers.end(), is_websocket);
  if (!websocket && (!options.websocket_path.empty() || !options.websocket_headers.empty())) {
    refuse(std::string(options.websocket_path.empty() ? "--ws-header" : "--ws-path") +
           " needs WebSocket: add --ws, or give a ws:// or wss:// URL");
  }
}

// The library binds to numbers. Of a name's addresses one of IPv4 is taken, where it has one.
std::string in_numbers(const std::string& address) {
  if (address.empty()) return address;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(address.c_str(), nullptr, &hints, &found);
      error != 0 || found == nullptr)
    refuse("-A " + address + ": " + ::gai_strerror(error) + ": give an address or a name of this machine");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  const addrinfo* chosen = found;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET && chosen->ai_family != AF_INET) chosen = each;
  }
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(chosen->ai_addr, chosen->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return text.data();
}

// Shows the name alone: the value may be a key.
std::pair<std::string, std::string> header_of(const std::string& argument) {
  const std::size_t colon = argument.find(':');
  if (colon == 0 || colon == std::string::npos) refuse("--ws-header: must be NAME:VALUE");
  const std::size_t begin = std::min(argument.find_first_not_of(' ', colon + 1), argument.size());
  return {argument.substr(0, colon), argument.substr(begin)};
}

}  // namespace

void ServerOptions::add_to(CLI::App& app) {
  app.add_option(
      "-h,--host", host,
      "Broker's host name or address, HOST:PORT, or a URL such as wss://HOST/PATH. Default: localhost. "
      "With commas between: a list of servers, see --cluster.");
  decimal(app.add_option("-p,--port", port, "Broker's port. Default: 1883, with options for TLS 8883."))
      ->type_name("NUMBER");
  app.add_option(
         "-L,--url", urls,
         "mqtt(s)://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC, or ws(s)://: all at once, instead of -h, -p and "
         "-t. Other users can see the password: better --pw-file, or all of it in --options-file.")
      ->allow_extra_args(false);
  app.add_option("--unix", unix_socket, "Unix domain socket of the broker, or @NAME for an abstract one.")
      ->type_name("FILE");
  app.add_flag(
      "--cluster", cluster,
      "The servers are nodes of one cluster: the session is resumed on any of them. Default: independent "
      "brokers; a change begins a new session.");
  app.add_flag("--shuffle", shuffle, "Take the servers in a random order.");
  app.add_flag("--ws", websocket, "Speak MQTT over WebSocket; with options for TLS over secure WebSocket.");
  app.add_option("--ws-path", websocket_path, "Path of the WebSocket. Default: /mqtt.");
  app.add_option("--ws-header", websocket_headers,
                 "NAME:VALUE: header line for the WebSocket's request; may be given more than once.")
      ->allow_extra_args(false);
  app.add_option(
      "--proxy", proxy,
      "socks5h://[USER[:PASSWORD]@]HOST[:PORT] or http://...: go through this proxy, which looks up the "
      "broker's name. Other users can see the password: better --proxy-env, or --options-file.");
  app.add_flag(
      "--proxy-env", proxy_from_environment,
      "Go through the proxy that http_proxy, https_proxy or all_proxy names, but for hosts in no_proxy.");
  // The library always does, and gathers what it writes by itself.
  app.add_flag_function(
      "--nodelay", [](std::int64_t) {}, "Send without Nagle's delay, which is always so.");
  app.add_option("-A", bind_address, "Connect from this address, or name, of this machine.");
  app.add_flag_function(
         "-S",
         [](std::int64_t) {
           refuse("-S: servers are not looked up by SRV records: name them, as -h node1,node2");
         })
      ->group("");
}

void ServerOptions::keep_last(const CLI::App& app) {
  if (port) check_port(*port);
  if (host) check_hosts(*host);
  for (const std::string& url : urls)
    topics_of_urls.push_back(LocatedTopic::parse(url).topic);
  if (!urls.empty() && !is_later(app, "-t", "-L")) topic_of_url = topics_of_urls.back();
  if (is_later(app, "-h", "--unix") || is_later(app, "-L", "--unix")) unix_socket.clear();
  if (!unix_socket.empty()) {
    host.reset();
    if (is_later(app, "--unix", "-p")) port.reset();
  } else if (!urls.empty()) {
    locate(app);
  } else if (port && is_later(app, "-h", "-p")) {
    host = with_port(*host, std::to_string(*port));
    port.reset();
  }
}

void ServerOptions::locate(const CLI::App& app) {
  if (is_later(app, "-L", "-h")) host.reset();
  if (is_later(app, "-L", "-p")) port.reset();
  if (host && !scheme_of(*host).empty()) {  // A whole URL takes the place of this one.
    if (is_later(app, "-h", "-p")) port.reset();
    return;
  }
  located = LocatedTopic::parse(urls.back());
  const bool port_first = is_later(app, "-h", "-p");
  if (port && port_first) located->change_port(*port);
  if (host) located->change_hosts(*host);
  if (port && !port_first) located->change_port(*port);
  host.reset();
  port.reset();
}

void ServerOptions::apply(Options& options, const TlsOptions& tls) const {
  if (!unix_socket.empty()) check_unix(*this, tls);
  check_way(*this);
  options.tls = tls.to_settings();
  std::vector<std::string> servers = servers_of(*this, tls);
  check_servers(*this, tls, servers);
  tls.check_files();
  if (servers.size() == 1) {
    options.server = std::move(servers.front());
  } else {
    options.servers = std::move(servers);
  }
  options.server_group = cluster ? ServerGroup::cluster : ServerGroup::independent;
  options.server_order = shuffle ? ServerOrder::shuffled : ServerOrder::in_turn;
  for (const std::string& header : websocket_headers)
    options.websocket.headers.push_back(header_of(header));
  options.proxy = proxy;
  options.proxy_from_environment = proxy_from_environment;
  options.tcp.bind_address = in_numbers(bind_address);
}

}  // namespace holdfast::tools
