// holdfast_pub and holdfast_sub through WebSocket, Unix sockets and proxies, and from an address of choice.
#include "support/proxies.hpp"
#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// Empty if what holdfast_pub publishes with these options comes back to holdfast_sub with the same.
std::string fault_on_the_way(const Arguments& options, const Arguments& environment = {}) {
  const auto command = [&](const char* program, const Arguments& what) {
    return both(both(both({"/usr/bin/env"}, environment), {program}), both(what, options));
  };
  const Outcome published = run(command(HOLDFAST_PUB, {"-t", "t", "-m", "kept", "-r", "-q", "1"}));
  if (published.status != 0) return published.errors;
  const Outcome received = run(command(HOLDFAST_SUB, {"-t", "t", "-C", "1"}));
  return received.status == 0 && received.output == "kept\n" ? "" : received.output + received.errors;
}

Arguments at(const Mosquitto& mosquitto) {
  return {"-h", "localhost", "-p", std::to_string(mosquitto.port())};
}

}  // namespace

TEST_CASE("--ws speaks WebSocket to a plain host", "[integration][tools]") {
  Mosquitto mosquitto({.transport = Transport::websocket});
  CHECK(fault_on_the_way(both(at(mosquitto), {"--ws"})) == "");
  CHECK(fault_on_the_way(both(at(mosquitto), {"--ws", "--ws-path", "/any?x=1", "--ws-header", "X-Key: 1"})) ==
        "");
  CHECK(fault_on_the_way({"-h", mosquitto.server()}) == "");
}

TEST_CASE("-L ws:// has the topic in its path", "[integration][tools]") {
  Mosquitto mosquitto({.transport = Transport::websocket});
  const std::string url = "ws://localhost:" + std::to_string(mosquitto.port()) + "/plant/17";
  CHECK(run({HOLDFAST_PUB, "-L", url, "-m", "kept", "-r", "-q", "1"}).status == 0);
  CHECK(run({HOLDFAST_SUB, "-L", url, "-C", "1", "-v"}).output == "plant/17 kept\n");
}

TEST_CASE("--ws with options for TLS speaks secure WebSocket", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::secure_websocket});
  CHECK(fault_on_the_way(both(at(mosquitto), {"--ws", "--cafile", mosquitto.ca_file()})) == "");
  CHECK(fault_on_the_way({"-h", mosquitto.server(), "--cafile", mosquitto.ca_file()}) == "");
}

TEST_CASE("--unix goes through a socket of the file system", "[integration][tools]") {
  Mosquitto mosquitto({.transport = Transport::unix_socket});
  CHECK(fault_on_the_way({"--unix", mosquitto.server().substr(std::string("unix://").size())}) == "");
  CHECK(fault_on_the_way({"-h", mosquitto.server()}) == "");
}

TEST_CASE("-A is the address that the connection comes from", "[integration][tools]") {
  Mosquitto mosquitto;
  CHECK(run(pub(mosquitto.port(), {"-A", "127.0.0.3", "-t", "t", "-m", "x", "-q", "1"})).status == 0);
  CHECK(count_of("New connection from 127.0.0.3:", mosquitto.log()) == 1);
}

TEST_CASE("--proxy goes through a SOCKS5 server, with TLS too, and names what it says",
          "[integration][tools][tls]") {
  Proxy proxy(Proxy::microsocks, {.log_in = {{"u1", "p1"}}});
  Mosquitto mosquitto({.transport = Transport::tls});
  const Arguments options = both(at(mosquitto), {"--cafile", mosquitto.ca_file(), "--proxy"});
  CHECK(fault_on_the_way(both(options, {proxy.url("u1:p1")})) == "");
  CHECK(proxy.log().find(std::to_string(mosquitto.port())) != std::string::npos);
  const Outcome wrong =
      run(both({HOLDFAST_PUB, "-t", "t", "-m", "x"}, both(options, {proxy.url("u1:secret")})));
  CHECK(wrong.status == 16);
  CHECK(fault_of_pub(wrong, {"proxy", std::to_string(proxy.port())}) == "");
  CHECK(wrong.errors.find("secret") == std::string::npos);
}

TEST_CASE("--proxy goes through an HTTP proxy", "[integration][tools]") {
  Proxy proxy(Proxy::tinyproxy);
  Mosquitto mosquitto;
  CHECK(fault_on_the_way(both(at(mosquitto), {"--proxy", proxy.url()})) == "");
  CHECK(proxy.log().find("CONNECT localhost:" + std::to_string(mosquitto.port())) != std::string::npos);
}

TEST_CASE("the environment's proxy is taken with --proxy-env, and only then", "[integration][tools]") {
  Proxy proxy(Proxy::microsocks, {.log_in = {{"u1", "p1"}}});
  Mosquitto mosquitto;
  const Arguments environment{"all_proxy=" + proxy.url("u1:p1"), "no_proxy="};
  CHECK(fault_on_the_way(at(mosquitto), environment) == "");
  CHECK(proxy.log().find(std::to_string(mosquitto.port())) == std::string::npos);
  CHECK(fault_on_the_way(both(at(mosquitto), {"--proxy-env"}), environment) == "");
  CHECK(proxy.log().find(std::to_string(mosquitto.port())) != std::string::npos);
}

TEST_CASE("a proxy that cannot be is refused in one line, without its password", "[integration][tools]") {
  CHECK(fault_with_whole(HOLDFAST_PUB,
                         {{{"-t", "t", "-m", "x", "--proxy", "socks4://u:secret@a"}, {"socks4", "socks5"}},
                          {{"-t", "t", "-m", "x", "--proxy", "socks5h://u:secret@"}, {"proxy", "host"}}}) ==
        "");
}
