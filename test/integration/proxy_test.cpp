// Through real proxies to a real mosquitto: tinyproxy and microsocks, as Debian has them.
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/proxies.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

constexpr const char* both[] = {Proxy::tinyproxy, Proxy::microsocks};

Options through(const std::string& proxy, const std::string& server, std::string client_id = "client") {
  Options options = quick(server, std::move(client_id));
  options.proxy = proxy;
  return options;
}

void check_refusal(const Options& options, const std::string& words) {
  const Refusal refused = refusal(options);
  CAPTURE(refused.what, words);
  CHECK(refused.code == Errc::proxy_failed);
  CHECK(refused.what.find("connect to " + options.server + ": proxy 127.0.0.1:") == 0);
  CHECK(refused.what.find(words) != std::string::npos);
  CHECK(refused.what.find("secret") == std::string::npos);
}

// A proxy that reads, and answers everybody with the same bytes: none, if there are none.
class StubbornProxy {
 public:
  explicit StubbornProxy(std::string answer) : answer_(std::move(answer)), listener_(listen_on(port_)) {
    thread_ = std::thread([this] {
      std::vector<Descriptor> connections;
      while (!stopping_) {
        pollfd waiting{listener_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 5) != 1) continue;
        Descriptor connection = accept_from(listener_);
        if (!answer_.empty()) ::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
        connections.push_back(std::move(connection));
      }
    });
  }
  ~StubbornProxy() {
    stopping_ = true;
    thread_.join();
  }
  StubbornProxy(const StubbornProxy&) = delete;
  StubbornProxy& operator=(const StubbornProxy&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  const std::string answer_;
  const std::uint16_t port_ = free_port();
  const Descriptor listener_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("messages of every QoS arrive through a proxy, which asks for a log-in or not",
          "[integration][proxy]") {
  const char* program = GENERATE(from_range(std::begin(both), std::end(both)));
  const bool log_in = GENERATE(false, true);
  CAPTURE(program, log_in);
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  ProxyConfig config;
  if (log_in) config.log_in = {"me", "secret"};
  Proxy proxy(program, config);
  const std::string url = proxy.url(log_in ? "me:secret" : "");
  Client subscriber(through(url, mosquitto.server(), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", QoS::exactly_once);
  Client publisher(through(url, mosquitto.server(), "publisher"));
  publisher.connect();
  for (const QoS qos : {QoS::at_least_once, QoS::exactly_once, QoS::at_most_once}) {
    CHECK(succeeded(publish_all(publisher, numbers(0, 500), qos)) == 500);
    CHECK(difference(receive_payloads(subscriber, 500), numbers(0, 500)) == "");
  }
}

TEST_CASE("the proxy resolves the server's name", "[integration][proxy]") {
  const char* program = GENERATE(from_range(std::begin(both), std::end(both)));
  Mosquitto mosquitto;
  Proxy proxy(program);
  Client client(through(proxy.url(), "mqtt://localhost:" + std::to_string(mosquitto.port())));
  client.connect();
  CHECK(client.is_connected());
  // This machine does not know the name either; but it is the proxy that says so.
  check_refusal(through(proxy.url(), "mqtt://no.such.host.invalid:1883"),
                program == Proxy::tinyproxy ? "it cannot reach no.such.host.invalid:1883"
                                            : "no.such.host.invalid:1883");
}

TEST_CASE("WebSocket goes through a proxy as well", "[integration][proxy][websocket]") {
  const char* program = GENERATE(from_range(std::begin(both), std::end(both)));
  Mosquitto mosquitto({.transport = Transport::websocket});
  Proxy proxy(program);
  Client client(through(proxy.url(), mosquitto.server()));
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  CHECK(succeeded(publish_all(client, numbers(0, 100), QoS::exactly_once)) == 100);
  CHECK(difference(receive_payloads(client, 100), numbers(0, 100)) == "");
}

TEST_CASE("TLS and secure WebSocket go through a proxy, to the broker itself", "[integration][proxy][tls]") {
  const char* program = GENERATE(from_range(std::begin(both), std::end(both)));
  const Transport transport = GENERATE(Transport::tls, Transport::secure_websocket);
  Mosquitto mosquitto({.transport = transport});
  Proxy proxy(program);
  Options options = through(proxy.url(), mosquitto.server());
  options.tls.ca_file = mosquitto.ca_file();
  Client client(options);
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  CHECK(succeeded(publish_all(client, numbers(0, 100), QoS::exactly_once)) == 100);
  CHECK(difference(receive_payloads(client, 100), numbers(0, 100)) == "");
}

TEST_CASE("a broker that is down behind the proxy is told so", "[integration][proxy]") {
  const std::string server = server_at(free_port());
  Proxy http(Proxy::tinyproxy);
  check_refusal(through(http.url(), server), "it cannot reach " + server.substr(7));
  Proxy socks(Proxy::microsocks);
  check_refusal(through(socks.url(), server),
                "its connection to " + server.substr(7) + " was refused (reply 5)");
}

TEST_CASE("a missing or wrong log-in at the proxy is told so", "[integration][proxy]") {
  const std::string server = server_at(free_port());
  Proxy http(Proxy::tinyproxy, {.log_in = {{"me", "secret"}}});
  check_refusal(through(http.url(), server), "it wants a user name and a password (407");
  check_refusal(through(http.url("me:secret2"), server), "it refuses the user name or the password (401");
  Proxy socks(Proxy::microsocks, {.log_in = {{"me", "secret"}}});
  check_refusal(through(socks.url(), server), "it wants a log-in");
  check_refusal(through(socks.url("me:secret2"), server), "it refuses the user name or the password");
}

TEST_CASE("a port that the proxy forbids is told so", "[integration][proxy]") {
  Mosquitto mosquitto;
  Proxy proxy(Proxy::tinyproxy, {.connect_port = static_cast<std::uint16_t>(mosquitto.port() + 1)});
  check_refusal(through(proxy.url(), mosquitto.server()),
                "it forbids the way to 127.0.0.1:" + std::to_string(mosquitto.port()) + " (403");
}

TEST_CASE("a proxy that is down is told apart from a broker that is", "[integration][proxy]") {
  Mosquitto mosquitto;
  Proxy proxy(Proxy::microsocks);
  proxy.end();
  const Refusal refused = refusal(through(proxy.url(), mosquitto.server()));
  CAPTURE(refused.what);
  CHECK(refused.code == Errc::connect_failed);
  CHECK(refused.what.find("127.0.0.1:" + std::to_string(proxy.port()) + ": Connection refused") !=
        std::string::npos);
  CHECK(refused.what.find("is the proxy running and reachable?") != std::string::npos);
}

TEST_CASE("a proxy that accepts and says nothing is given up after handshake_timeout",
          "[integration][proxy]") {
  const char* scheme = GENERATE("http://", "socks5://");
  const StubbornProxy proxy("");
  Options options = through(scheme + proxy.address(), "mqtt://localhost");
  options.handshake_timeout = 100ms;
  const Refusal refused = refusal(options);
  CAPTURE(refused.what);
  CHECK(refused.code == Errc::timed_out);
  CHECK(refused.what.find("proxy " + proxy.address() + ": there is no answer") != std::string::npos);
  CHECK(refused.what.find("handshake_timeout") != std::string::npos);
}

TEST_CASE("a proxy that talks garbage, or without end, is left", "[integration][proxy]") {
  const StubbornProxy garbage("SSH-2.0-OpenSSH_9.2\r\n");
  check_refusal(through("http://" + garbage.address(), "mqtt://localhost"), "is this an HTTP proxy?");
  check_refusal(through("socks5://" + garbage.address(), "mqtt://localhost"), "its answer is no SOCKS5");
  const StubbornProxy endless("HTTP/1.1 200 OK\r\n" + std::string(100'000, 'x'));
  check_refusal(through("http://" + endless.address(), "mqtt://localhost"), "longer than 16 KiB");
  check_refusal(through("socks5://" + endless.address(), "mqtt://localhost"), "use http:// for it");
}

TEST_CASE("a lost proxy is a lost connection: the client comes back through it and loses nothing",
          "[integration][proxy]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  const char* program = GENERATE(from_range(std::begin(both), std::end(both)));
  Proxy proxy(program);
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", QoS::exactly_once);
  Client publisher(through(proxy.url(), mosquitto.server(), "publisher"));
  publisher.connect();
  auto deliveries = publish_all(publisher, numbers(0, 100), QoS::exactly_once);
  proxy.end();
  const auto more = publish_all(publisher, numbers(100, 100), QoS::exactly_once);
  REQUIRE(eventually([&] { return !publisher.is_connected(); }));
  proxy.restart();
  deliveries.insert(deliveries.end(), more.begin(), more.end());
  CHECK(succeeded(deliveries) == 200);
  CHECK(difference(receive_payloads(subscriber, 200), numbers(0, 200)) == "");
}

TEST_CASE("the environment's proxy is used when asked for, and only then", "[integration][proxy]") {
  Mosquitto mosquitto;
  const StubbornProxy nowhere("SSH\r\n");
  Proxy proxy(Proxy::tinyproxy);
  const bool asked = GENERATE(false, true);
  ::setenv("all_proxy", asked ? proxy.url().c_str() : ("http://" + nowhere.address()).c_str(), 1);
  Options options = quick(mosquitto.server());
  options.proxy_from_environment = asked;
  Client client(options);
  client.connect();
  CHECK(client.is_connected());
  ::unsetenv("all_proxy");
  if (asked)
    CHECK(proxy.log().find("CONNECT 127.0.0.1:" + std::to_string(mosquitto.port())) != std::string::npos);
}
