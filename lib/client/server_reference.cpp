#include "client/server_reference.hpp"

#include <algorithm>
#include <stdexcept>

#include "client/check_argument.hpp"
#include "net/server_url.hpp"

namespace holdfast::client {

namespace {

constexpr std::size_t references_max = 8;
constexpr std::size_t reference_size_max =
    1024;  // A host name has at most 253 bytes; the rest is for a path.

std::string with_scheme(std::string_view reference, const net::ServerUrl& giver) {
  if (reference.find("://") != std::string_view::npos) return std::string(reference);
  std::string url = giver.scheme + "://" + std::string(reference);
  if (giver.is_websocket() && reference.find_first_of("/?") == std::string_view::npos) url += giver.path;
  return url;
}

std::string text_of(const net::ServerUrl& url) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  return url.scheme + "://" + host + ":" + std::to_string(url.port) + url.path;
}

// The server's URL; throws std::invalid_argument with a clause on why not.
std::string server_of(std::string_view reference, const net::ServerUrl& giver) {
  if (reference.size() > reference_size_max) throw std::invalid_argument("a reference is too long");
  const std::string shown = "\"" + printable(net::without_credentials(reference)) + "\"";
  if (giver.is_unix() && reference.find("://") == std::string_view::npos)
    throw std::invalid_argument(shown + " says no scheme, and a Unix domain socket's is no way to go there");
  const auto unprintable = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; };
  if (std::any_of(reference.begin(), reference.end(), unprintable))
    throw std::invalid_argument(shown + " is no server");
  net::ServerUrl url;
  std::string server;
  try {
    url = net::ServerUrl::parse(with_scheme(reference, giver));
    server = text_of(url);
    // Others will parse it: brackets in the name of a host, for example, are lost on the way.
    if (!url.is_unix()) static_cast<void>(net::ServerUrl::parse(server));
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument(shown + " is no server");
  }
  if (url.is_unix()) throw std::invalid_argument(shown + " is a socket of this machine");
  if ((giver.is_secure() || giver.is_unix()) && !url.is_secure())
    throw std::invalid_argument(shown + " would leave TLS");
  return server;
}

}  // namespace

ServerReferences parse_server_reference(std::string_view reference, std::string_view giver) {
  ServerReferences references;
  const net::ServerUrl origin = net::ServerUrl::parse(giver);
  for (std::size_t count = 0;; ++count) {
    reference.remove_prefix(std::min(reference.find_first_not_of(' '), reference.size()));
    if (reference.empty()) break;
    if (count == references_max) {
      references.left_out = "more than " + std::to_string(references_max) + " references";
      break;
    }
    const std::size_t end = std::min(reference.find(' '), reference.size());
    try {
      references.servers.push_back(server_of(reference.substr(0, end), origin));
    } catch (const std::invalid_argument& error) {
      references.left_out = error.what();
    }
    reference.remove_prefix(end);
  }
  return references;
}

}  // namespace holdfast::client
