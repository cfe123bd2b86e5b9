// Unix domain sockets: paths to a real mosquitto, and abstract names, for which mosquitto has no listener, to
// a relay of the test's.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <fstream>
#include <thread>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

// Passes what comes to an abstract socket on to a port; one connection, until it ends or the test does.
class AbstractRelay {
 public:
  AbstractRelay(const std::string& name, std::uint16_t port)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), broker_(connect_to(port)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
    thread_ = std::thread([this] { run(); });
  }
  ~AbstractRelay() {
    stop_.signal();
    thread_.join();
  }
  AbstractRelay(const AbstractRelay&) = delete;
  AbstractRelay& operator=(const AbstractRelay&) = delete;

 private:
  void run() const {
    Descriptor client;
    for (;;) {
      std::array<pollfd, 3> waiting{pollfd{stop_.descriptor(), POLLIN, 0},
                                    pollfd{client ? client.get() : listener_.get(), POLLIN, 0},
                                    pollfd{client ? broker_.get() : -1, POLLIN, 0}};
      ::poll(waiting.data(), waiting.size(), -1);
      if (waiting[0].revents != 0) return;
      if (!client) {
        client = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        continue;
      }
      if (waiting[1].revents != 0 && !pass(client, broker_)) return;
      if (waiting[2].revents != 0 && !pass(broker_, client)) return;
    }
  }
  static bool pass(const Descriptor& from, const Descriptor& to) {
    char bytes[4096];
    const auto size = ::recv(from.get(), bytes, sizeof bytes, 0);
    return size > 0 && ::send(to.get(), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
  }

  const Descriptor listener_;
  const Descriptor broker_;
  const WakeUp stop_;
  std::thread thread_;
};

void check_refusal(const std::string& path, const std::string& words) {
  const Refusal refused = refusal(quick("unix://" + path));
  CAPTURE(refused.what, words);
  CHECK(refused.code == Errc::connect_failed);
  CHECK(refused.what.find("connect to unix://" + path + ": ") == 0);
  CHECK(refused.what.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("messages of every QoS arrive complete and in order through a Unix socket", "[integration][unix]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.transport = Transport::unix_socket, .lines = {"max_queued_messages 0"}});
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", qos);
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  CHECK(succeeded(publish_all(publisher, numbers(0, 1'000), qos)) == 1'000);
  CHECK(difference(receive_payloads(subscriber, 1'000), numbers(0, 1'000)) == "");
  publisher.disconnect();
}

TEST_CASE("a broker behind a Unix socket comes back: nothing is missing", "[integration][unix]") {
  Mosquitto mosquitto({.persistence = Persistence::on_demand, .transport = Transport::unix_socket});
  Options options = quick(mosquitto.server());
  options.start = Start::resume;
  Client client(options);
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  auto deliveries = publish_all(client, numbers(0, 50), QoS::exactly_once);
  mosquitto.terminate();
  const auto more = publish_all(client, numbers(50, 50), QoS::exactly_once);
  mosquitto.restart();
  deliveries.insert(deliveries.end(), more.begin(), more.end());
  CHECK(succeeded(deliveries) == 100);
  CHECK(difference(receive_payloads(client, 100), numbers(0, 100)) == "");
}

TEST_CASE("an address that no broker listens at is told with its reason", "[integration][unix]") {
  const TemporaryDirectory directory;
  const auto path = [&](const char* name) { return (directory.path() / name).string(); };
  check_refusal(path("missing"), "No such file or directory");
  std::ofstream(path("file")) << "no socket";
  check_refusal(path("file"), "Connection refused");
  check_refusal("@holdfast-no-such-name", "Connection refused");
  // A socket whose listener is gone.
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("gone").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  check_refusal(path("gone"), "Connection refused");
}

TEST_CASE("a Unix socket that may not be used is told so", "[integration][unix]") {
  Mosquitto mosquitto({.transport = Transport::unix_socket});
  const std::string path = mosquitto.server().substr(7);
  REQUIRE(::chmod(path.c_str(), 0) == 0);
  // Root may use every socket, so root becomes somebody else for as long.
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);
  const std::string said = refusal(quick("unix://" + path)).what;
  if (root) REQUIRE(::seteuid(0) == 0);
  CAPTURE(said);
  CHECK(said.find("connect to unix://" + path + ": ") == 0);
  CHECK(said.find("Permission denied") != std::string::npos);
}

TEST_CASE("an abstract Unix socket is as good as one with a path", "[integration][unix]") {
  Mosquitto mosquitto;
  // Named after a port that is this test's own.
  const std::string name = "holdfast-" + std::to_string(mosquitto.port());
  const AbstractRelay relay(name, mosquitto.port());
  Client client(quick("unix://@" + name));
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  CHECK(succeeded(publish_all(client, numbers(0, 300), QoS::exactly_once)) == 300);
  CHECK(difference(receive_payloads(client, 300), numbers(0, 300)) == "");
}
