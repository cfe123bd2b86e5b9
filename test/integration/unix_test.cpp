// Unix domain sockets: paths to a real mosquitto, and abstract names, for which mosquitto has no listener, to
// a relay of the test's.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <fstream>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

std::string refusal(const Options& options) {
  Client client(options);
  try {
    client.connect();
  } catch (const Error& error) {
    CHECK(error.code() == Errc::connect_failed);
    return error.what();
  }
  return "";
}

void check_refusal(const std::string& path, const std::string& words) {
  const std::string said = refusal(quick("unix://" + path));
  CAPTURE(said, words);
  CHECK(said.find("connect to unix://" + path + ": ") == 0);
  CHECK(said.find(words) != std::string::npos);
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
  check_refusal("/" + std::string(200, 'x'), "a path has 1 to 107 bytes");
  // A socket whose listener is gone.
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("gone").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  check_refusal(path("gone"), "Connection refused");
}

TEST_CASE("a Unix socket that may not be used is told so", "[integration][unix]") {
  if (::geteuid() == 0) {
    WARN("root may use every socket: not tried");
    return;
  }
  Mosquitto mosquitto({.transport = Transport::unix_socket});
  const std::string path = mosquitto.server().substr(7);
  REQUIRE(::chmod(path.c_str(), 0) == 0);
  check_refusal(path, "Permission denied");
}
