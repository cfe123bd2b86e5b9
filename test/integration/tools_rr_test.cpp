// holdfast_rr: a request from the command line, and its response.
#include <csignal>
#include <functional>
#include <thread>

#include "client_under_test.hpp"
#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

Arguments rr(const Mosquitto& mosquitto, const Arguments& options) {
  return both({HOLDFAST_RR, "-h", "localhost", "-p", std::to_string(mosquitto.port())}, options);
}

/// Answers one request on "service" by `answer(client, request)`.
class Responder {
 public:
  Responder(const Mosquitto& mosquitto, std::function<void(Client&, const Message&)> answer)
      : client_(quick(mosquitto.server(), "responder")) {
    client_.connect();
    client_.subscribe("service", QoS::exactly_once);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const auto request = client_.receive(program_patience);
      if (request) answer(client_, *request);
    });
  }
  ~Responder() { thread_.join(); }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

 private:
  Client client_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("holdfast_rr prints the response to its request", "[integration][tools][request]") {
  Mosquitto mosquitto;
  const std::string qos = GENERATE("0", "1", "2");
  const Responder responder(mosquitto, [](Client& client, const Message& request) {
    CHECK(request.response_topic() == "answers/1");
    CHECK(request.content_type() == "text/plain");
    client.reply(request, "answer to " + std::string(request.payload()));
  });
  const Outcome outcome = run(rr(mosquitto, {"-t", "service", "-e", "answers/1", "-m", "question", "-q", qos,
                                             "-v", "-D", "publish", "content-type", "text/plain"}));
  CHECK(outcome.errors == "");
  CHECK(outcome.output == "answers/1 answer to question\n");
  CHECK(outcome.status == 0);
}

TEST_CASE("holdfast_rr asks as mosquitto_rr does, and is answered by scripts that copy no Correlation Data",
          "[integration][tools][request]") {
  Mosquitto mosquitto;
  const std::string tool = GENERATE(std::string(HOLDFAST_RR), std::string("/usr/bin/mosquitto_rr"));
  const Responder responder(mosquitto, [](Client& client, const Message& request) {
    client.publish(std::string(request.response_topic().value()), "a script's answer",
                   {.qos = QoS::at_least_once});
  });
  Program asking({tool, "-h", "localhost", "-p", std::to_string(mosquitto.port()), "-t", "service", "-e",
                  "answers", "-s", "-N", "-F", "%t=%p"},
                 "question");
  const Outcome outcome = asking.wait();
  CHECK(outcome.output == "answers=a script's answer");
  CHECK(outcome.status == 0);
}

TEST_CASE("holdfast_rr asks over MQTT 3.1.1 where both sides know the topic",
          "[integration][tools][request]") {
  Mosquitto mosquitto;
  const Responder responder(mosquitto, [](Client& client, const Message& request) {
    CHECK_FALSE(request.response_topic());
    client.publish("answers", "agreed", {.qos = QoS::at_least_once});
  });
  const Outcome outcome =
      run(rr(mosquitto, {"-V", "mqttv311", "-t", "service", "-e", "answers", "-m", "x", "-q", "1"}));
  CHECK(outcome.errors == "");
  CHECK(outcome.output == "agreed\n");
}

TEST_CASE("holdfast_rr prints no response of another's, and with -R no retained one",
          "[integration][tools][request]") {
  Mosquitto mosquitto;
  {
    Client client(quick(mosquitto.server(), "earlier"));
    client.connect();
    CHECK(client.publish("answers", "stale", {.qos = QoS::at_least_once, .retain = true}).wait_for(patience));
  }
  const Responder responder(mosquitto, [](Client& client, const Message& request) {
    client.publish("answers", "another's", {.qos = QoS::at_least_once, .correlation_data = "x"});
    client.reply(request, "ours", {.qos = QoS::at_least_once});
  });
  const Outcome outcome = run(rr(mosquitto, {"-t", "service", "-e", "answers", "-n", "-R", "--json"}));
  CHECK(outcome.status == 0);
  CHECK(nlohmann::json::parse(outcome.output)["payload"] == "ours");
}

TEST_CASE("holdfast_rr without an answer ends with 27 after -W, or by a signal",
          "[integration][tools][request]") {
  Mosquitto mosquitto;
  const Arguments asking{"-t", "nobody", "-e", "answers", "-m", "x"};
  const Outcome late = run(rr(mosquitto, both(asking, {"-W", "0.3"})));
  CHECK(late.status == 27);
  CHECK(late.output == "");
  CHECK(late.errors.find("no response") != std::string::npos);
  Program waiting(rr(mosquitto, asking));
  REQUIRE(eventually([&] { return count_of("Received PUBLISH from holdfast_", mosquitto.log()) == 2; },
                     program_patience));
  waiting.signal(SIGTERM);
  CHECK(waiting.wait().status == 128 + SIGTERM);
}

TEST_CASE("holdfast_rr says what is missing", "[integration][tools][request]") {
  CHECK(run({HOLDFAST_RR, "-t", "t", "-m", "x"}).errors.find("-e is missing") != std::string::npos);
  CHECK(run({HOLDFAST_RR, "-e", "r", "-m", "x"}).errors.find("-t is missing") != std::string::npos);
  CHECK(run({HOLDFAST_RR, "-e", "r", "-t", "t"}).errors.find("exactly one of") != std::string::npos);
  CHECK(run({HOLDFAST_RR, "-e", "r", "-t", "t", "-m", "x", "--hex"}).status == 1);
  CHECK(run({HOLDFAST_RR, "-e", "r/#", "-t", "t", "-m", "x", "-h", "localhost", "-p", "1"}).status != 0);
}
