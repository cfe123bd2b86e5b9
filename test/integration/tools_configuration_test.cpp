// The files in which users of the tools keep the options that they always mean.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// A user with configuration files of their own.
class User {
 public:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string file(const std::string& name) const {
    return (directory_.path() / name).string();
  }
  [[nodiscard]] Arguments command(const Arguments& arguments) const {
    return both({"/usr/bin/env", "XDG_CONFIG_HOME=" + directory_.path().string()}, arguments);
  }

 private:
  TemporaryDirectory directory_;
};

std::string server_lines(const ScriptedBroker& broker) {
  return "# where\n-h 127.0.0.1\n--port " + std::to_string(broker.port()) + "\r\n\n";
}

}  // namespace

TEST_CASE("a line of the configuration file is an option with the rest of the line as its value",
          "[integration][tools]") {
  ScriptedBroker broker;
  const User user;
  user.write("holdfast_pub",
             server_lines(broker) +
                 "-q 1\n-t a topic\n-r\n-D publish content-type text/plain\n-u alice\n-i one\n-k  010\n");
  const Outcome outcome = run(user.command({HOLDFAST_PUB, "-m", "x"}));
  CHECK(outcome.errors == "");
  CHECK(outcome.status == 0);
  CHECK(broker.received(PacketType::connect).at(0).client_id == "one");
  CHECK(broker.received(PacketType::connect).at(0).keep_alive == 10);
  REQUIRE(broker.accepted_count() == 1);
  CHECK(broker.accepted().at(0).topic == "a topic");
  CHECK(broker.accepted().at(0).qos == QoS::at_least_once);
  CHECK(broker.received(PacketType::publish).at(0).retain);
}

TEST_CASE("an option on the command line takes the place of the one in the configuration file",
          "[integration][tools]") {
  ScriptedBroker broker;
  const User user;
  user.write("holdfast_pub", "-h 192.0.2.1\n-p 9\n-q 2\n-t not/this\n-I prefix\n-P wrong\n");
  const Arguments server{"-L", "mqtt://127.0.0.1:" + std::to_string(broker.port()) + "/t"};
  const Outcome outcome =
      run(user.command(both({HOLDFAST_PUB, "-m", "x", "-q", "1", "-i", "one", "-t", "t"}, server)));
  CHECK(outcome.errors == "");
  CHECK(outcome.status == 0);
  CHECK(broker.received(PacketType::connect).at(0).client_id == "one");
  REQUIRE(broker.accepted_count() == 1);
  CHECK(broker.accepted().at(0).qos == QoS::at_least_once);
}

TEST_CASE("a host and port on the command line take the place of the file's socket, port and password",
          "[integration][tools]") {
  ScriptedBroker broker;
  const User user;
  user.write("holdfast_pub", "--unix /nowhere\n--pw-file /nowhere\n");
  const std::string port = std::to_string(broker.port());
  const std::string url = "mqtt://alice:pw@127.0.0.1:" + port + "/t";
  CHECK(
      run(user.command({HOLDFAST_PUB, "-t", "t", "-m", "x", "-P", "pw", "-u", "alice", "-p", port})).errors ==
      "");
  CHECK(run(user.command({HOLDFAST_PUB, "-m", "x", "-L", url})).errors == "");
  user.write("holdfast_pub", "-p 9\n");
  CHECK(run(user.command({HOLDFAST_PUB, "-t", "t", "-m", "x", "-h", "127.0.0.1:" + port})).errors == "");
  CHECK(broker.accepted_count() == 3);
}

TEST_CASE("what the file of holdfast_sub subscribes to comes on top of the command line's",
          "[integration][tools]") {
  ScriptedBroker broker;
  const User user;
  user.write("holdfast_sub", server_lines(broker) + "-t always\n");
  CHECK(run(user.command({HOLDFAST_SUB, "-t", "now", "-E"})).status == 0);
  CHECK(broker.received(PacketType::subscribe).at(0).subscriptions.size() == 2);
}

TEST_CASE("mosquitto's configuration file counts where the tool has none of its own",
          "[integration][tools]") {
  ScriptedBroker broker;
  const User user;
  user.write("mosquitto_pub", server_lines(broker) + "-t mosquittos\n-q 1\n");
  CHECK(run(user.command({HOLDFAST_PUB, "-m", "x"})).status == 0);
  user.write("holdfast_pub", server_lines(broker) + "-t ours\n-q 1\n");
  CHECK(run(user.command({HOLDFAST_PUB, "-m", "x"})).status == 0);
  REQUIRE(broker.accepted_count() == 2);
  CHECK(broker.accepted().at(0).topic == "mosquittos");
  CHECK(broker.accepted().at(1).topic == "ours");
}

TEST_CASE("without XDG_CONFIG_HOME the configuration file is in ~/.config", "[integration][tools]") {
  ScriptedBroker broker;
  const TemporaryDirectory home;
  std::filesystem::create_directory(home.path() / ".config");
  std::ofstream(home.path() / ".config" / "holdfast_pub") << server_lines(broker) << "  -t at/home\n-q 1\n";
  const Arguments in_home{"/usr/bin/env", "-u", "XDG_CONFIG_HOME", "HOME=" + home.path().string()};
  CHECK(run(both(in_home, {HOLDFAST_PUB, "-m", "x"})).status == 0);
  REQUIRE(broker.accepted_count() == 1);
  CHECK(broker.accepted().at(0).topic == "at/home");
}

TEST_CASE("the tests' tools read no configuration file of whoever runs the tests", "[integration][tools]") {
  ScriptedBroker broker;
  const User developer;
  developer.write("holdfast_pub", "-t not/this\n-q 2\n");
  ::setenv("XDG_CONFIG_HOME", developer.file("").c_str(), 1);
  CHECK(run(pub(broker.port(), {"-m", "x"})).errors.find("-t is missing") != std::string::npos);
  ::unsetenv("XDG_CONFIG_HOME");
}

TEST_CASE("holdfast_pub and mosquitto_pub read the same configuration file alike", "[integration][tools]") {
  const std::string program = GENERATE(std::string(HOLDFAST_PUB), std::string("/usr/bin/mosquitto_pub"));
  Mosquitto mosquitto;
  const User user;
  user.write("mosquitto_pub", "# defaults\n-h 127.0.0.1\n-p " + std::to_string(mosquitto.port()) +
                                  "\n-t t\n-m two words\n-q 2\n");
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", "2", "-C", "1", "-F", "%q %p"});
  CHECK(run(user.command({program, "-q", "1"})).status == 0);
  CHECK(subscriber.wait().output == "1 two words\n");
}

TEST_CASE("a mistake in the configuration file is named with file and line, and tells no secret",
          "[integration][tools]") {
  const User user;
  const std::string line =
      GENERATE("--no-such secret", "--no-such=secret", "--no-such\tsecret", "-Zsecret", "-Z\tsecret");
  user.write("holdfast_pub", "-q 1\n" + line + "\n");
  const Outcome unknown = run(user.command({HOLDFAST_PUB, "-t", "t", "-m", "x"}));
  CHECK(unknown.status == 1);
  CHECK(fault_in(unknown.errors, "holdfast_pub", {user.file("holdfast_pub"), "line 2", line.substr(0, 2)}) ==
        "");
  CHECK(count_of("secret", unknown.errors) == 0);
  user.write("holdfast_pub", "-q many\n");
  const Outcome value = run(user.command({HOLDFAST_PUB, "-t", "t", "-m", "x"}));
  CHECK(value.status == 1);
  CHECK(fault_in(value.errors, "holdfast_pub", {user.file("holdfast_pub"), "--qos"}) == "");
}

TEST_CASE("--options-file keeps every secret off the command line", "[integration][tools]") {
  ScriptedBroker broker;
  const User user;
  user.write("holdfast_pub", "-t not/this\n-q 2\n");
  user.write("secrets", "-L mqtt://alice:s3cret@127.0.0.1:" + std::to_string(broker.port()) + "/t\n");
  const Outcome outcome =
      run(user.command({HOLDFAST_PUB, "-m", "x", "-q", "1", "--options-file", user.file("secrets")}));
  CHECK(outcome.errors == "");
  REQUIRE(broker.accepted_count() == 1);
  CHECK(broker.accepted().at(0).topic == "t");
  CHECK(broker.received(PacketType::connect).at(0).password == "s3cret");
}

TEST_CASE("a file of options that is a directory, or not there, is refused", "[integration][tools]") {
  const User user;
  std::filesystem::create_directory(user.file("holdfast_pub"));
  const Outcome directory = run(user.command({HOLDFAST_PUB, "-t", "t", "-m", "x"}));
  CHECK(directory.status == 1);
  CHECK(fault_in(directory.errors, "holdfast_pub", {user.file("holdfast_pub"), "is a directory"}) == "");
  const Outcome missing = run({HOLDFAST_PUB, "-t", "t", "-m", "x", "--options-file", "/no/such/file"});
  CHECK(missing.status == 1);
  CHECK(fault_in(missing.errors, "holdfast_pub", {"/no/such/file", "cannot be read"}) == "");
}
