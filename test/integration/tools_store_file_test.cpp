// holdfast_store: what it says of a store's file, and what it deletes.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/publish_options.hpp>
#include <holdfast/store_file.hpp>

#include "client/clock.hpp"
#include "client/make_message.hpp"
#include "store/store.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session::record;
using namespace holdfast::support;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Accepted accepted(std::uint64_t sequence, const std::string& topic, const std::string& payload = "21.5",
                  const PublishOptions& options = {.qos = QoS::at_least_once}) {
  auto message = client::make_message(topic, std::as_bytes(std::span(payload)), options);
  message->sequence = sequence;
  return {message};
}

/// A store's file as a Client left it.
class LeftFile {
 public:
  explicit LeftFile(const session::Journal& journal) {
    const auto store = taken();
    store->commit(journal, client::boot_time_now());
    store->close();
  }
  [[nodiscard]] std::string name() const { return (directory_.path() / "session.db").string(); }
  /// The file is in use as long as this lives.
  [[nodiscard]] std::shared_ptr<Store> taken() const {
    auto store = sqlite_store(name(), {Durability::normal});
    static_cast<void>(store->open(client::boot_time_now()));
    return store;
  }
  [[nodiscard]] std::size_t messages() const { return StoreFile(name()).summary().messages(); }

 private:
  TemporaryDirectory directory_;
};

/// Three that wait, one in flight, one released, of the session of pump-17.
session::Journal day_at_the_pump() {
  const PublishOptions twice{.qos = QoS::exactly_once};
  return {SessionHeld{{"pump-17", "broker:1883"}, 24h},
          SessionAlive{},
          Subscribed{{{"plant/17/cmd", {.qos = QoS::exactly_once}}, {}}},
          InboundReceived{9},
          accepted(1, "plant/17/temp", "21.5", twice),
          accepted(2, "plant/17/temp"),
          accepted(3, "plant/17/flow", "0"),
          accepted(4, "plant/4/temp", ""),
          accepted(5, "plant/4/temp and more"),
          Sent{1, 10},
          Sent{2, 20, QoS::at_least_once},
          Released{1}};
}

Outcome store_tool(const Arguments& arguments) {
  return run(both({HOLDFAST_STORE_TOOL}, arguments));
}

/// What it prints, and that it has nothing to complain about.
std::string printed(const Arguments& arguments) {
  const Outcome outcome = store_tool(arguments);
  CHECK(outcome.errors == "");
  CHECK(outcome.status == 0);
  return outcome.output;
}

/// Empty if it fails with one line that has all the words in it, and prints nothing.
std::string fault_with(const Arguments& arguments, const std::vector<std::string>& words) {
  const Outcome outcome = store_tool(arguments);
  if (outcome.status != 1) return "exits with " + std::to_string(outcome.status);
  if (!outcome.output.empty()) return "prints " + outcome.output;
  return fault_in(outcome.errors, "holdfast_store", words);
}

/// The same with a terminal as stdin, on which somebody types the answer.
Outcome answered(const Arguments& arguments, std::string_view answer) {
  const Descriptor keyboard(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> name{};
  REQUIRE((::grantpt(keyboard.get()) == 0 && ::unlockpt(keyboard.get()) == 0 &&
           ::ptsname_r(keyboard.get(), name.data(), name.size()) == 0));
  const Descriptor terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::write(keyboard.get(), answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()));
  const TemporaryDirectory directory;
  const auto create = [&](const char* file) {
    return Descriptor(::open((directory.path() / file).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  };
  const Descriptor output = create("output");
  const Descriptor errors = create("errors");
  ChildProcess process(both({HOLDFAST_STORE_TOOL}, arguments),
                       {.input = terminal.get(), .output = output.get(), .errors = errors.get()});
  const auto status = process.wait(program_patience);
  return {status.value_or(-1), content_of(directory.path() / "output"),
          content_of(directory.path() / "errors")};
}

}  // namespace

TEST_CASE("holdfast_store says whose session a file holds, and how much of what",
          "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  std::map<std::string, std::string> rows;
  for (const std::string& line : lines_of(printed({file.name()})))
    rows[line.substr(0, line.find("  "))] = line.substr(18);
  CHECK(rows["client id"] == "pump-17");
  CHECK(rows["server"] == "broker:1883");
  CHECK(rows["session"] == "held, expires 86400 s after the connection");
  CHECK(rows["last connected"].substr(0, 2) == "20");
  CHECK(rows["waiting"] == "3");
  CHECK(rows["in flight"] == "1");
  CHECK(rows["released"] == "1");
  CHECK(rows["inbound"] == "1");
  CHECK(rows["subscriptions"] == "1");
  CHECK(rows[""] == "QoS 2 plant/17/cmd");
}

TEST_CASE("holdfast_store --json prints the same as one object", "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  const auto objects = json_lines(printed({"--json", file.name()}));
  REQUIRE(objects.size() == 1);
  json summary = objects.front();
  const std::string last_connected = summary.at("last_connected");
  CHECK(last_connected.size() == std::string_view("2026-01-01T00:00:00Z").size());
  summary.erase("last_connected");
  CHECK(summary == json::parse(R"({
      "client_id": "pump-17", "server": "broker:1883", "session_held": true, "session_expiry_interval": 86400,
      "messages": 5, "waiting": 3, "in_flight": 1, "released": 1, "bytes": 85, "inbound": 1,
      "held_identifiers": 0, "subscriptions": [{"filter": "plant/17/cmd", "qos": 2}]})"));
}

TEST_CASE("holdfast_store list prints a line a message, in the order of sending",
          "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  CHECK(printed({"list", file.name()}) ==
        "       1 released  2         4 plant/17/temp\n"
        "       2 in_flight 1         4 plant/17/temp\n"
        "       3 waiting   1         1 plant/17/flow\n"
        "       4 waiting   1         0 plant/4/temp\n"
        "       5 waiting   1         4 plant/4/temp and more\n");
  CHECK(printed({"list", "--topic", "plant/+/temp", file.name()}) ==
        "       1 released  2         4 plant/17/temp\n"
        "       2 in_flight 1         4 plant/17/temp\n"
        "       4 waiting   1         0 plant/4/temp\n");
  CHECK(printed({"list", "--topic", "plant", file.name()}) == "");
}

TEST_CASE("holdfast_store export prints all of a message as JSON", "[integration][tools][store]") {
  const PublishOptions options{.qos = QoS::exactly_once,
                               .retain = true,
                               .payload_is_utf8 = true,
                               .message_expiry_interval = 1h,
                               .content_type = "text/plain",
                               .response_topic = "answers",
                               .correlation_data = "\xFF\x01",
                               .user_properties = {{"name", "value"}, {"name", "ä"}}};
  const LeftFile file({accepted(1, "a/b", std::string("\0\xff\r\n", 4), options),
                       accepted(2, "c", "two\nlines"), Sent{1, 7}});
  auto messages = json_lines(printed({"export", file.name()}));
  REQUIRE(messages.size() == 2);
  const int expiry = messages[0].at("properties").at("message-expiry-interval");
  CHECK((expiry > 3500 && expiry <= 3600));
  messages[0].at("properties").erase("message-expiry-interval");
  CHECK(messages[0] == json::parse(R"({
      "sequence": 1, "state": "in_flight", "topic": "a/b", "payload_base64": "AP8NCg==", "qos": 2,
      "retain": true, "mid": 7,
      "properties": {"payload-format-indicator": 1, "content-type": "text/plain", "response-topic": "answers",
                     "correlation-data-base64": "/wE=",
                     "user-properties": [{"name": "name", "value": "value"}, {"name": "name", "value": "ä"}]}})"));
  CHECK(messages[1] == json::parse(R"({
      "sequence": 2, "state": "waiting", "topic": "c", "payload": "two\nlines", "qos": 1, "retain": false,
      "properties": {}})"));
  CHECK(json_lines(printed({"export", "--topic", "c", file.name()})).size() == 1);
}

TEST_CASE("holdfast_store --help, also of a command, names every option", "[integration][tools][store]") {
  const auto names = [](const Arguments& arguments, const std::vector<std::string>& words) {
    const std::string help = printed(both(arguments, {"--help"}));
    return std::all_of(words.begin(), words.end(),
                       [&](const std::string& word) { return help.find(word) != std::string::npos; });
  };
  CHECK(names({}, {"FILE", "list", "export", "purge", "--json", "--version"}));
  CHECK(names({"list"}, {"FILE", "--topic"}));
  CHECK(names({"export"}, {"FILE", "--topic"}));
  CHECK(names({"purge"}, {"FILE", "--topic", "--yes"}));
  CHECK(printed({"--version"}).substr(0, 9) == "holdfast ");
}

TEST_CASE("holdfast_store writes no control character to a terminal", "[integration][tools][store]") {
  const std::string hostile =
      "a\x1B[31m\x7F\xC2\x9B"
      "2Jä";
  const LeftFile file(
      {SessionHeld{{hostile, hostile}, 1h}, Subscribed{{{hostile, {}}, {}}}, accepted(1, hostile, hostile)});
  for (const Arguments& arguments : {Arguments{file.name()}, Arguments{"--json", file.name()},
                                     Arguments{"list", file.name()}, Arguments{"export", file.name()}}) {
    const std::string output = printed(arguments);
    CAPTURE(output);
    CHECK(output.find_first_of("\x1B\x7F") == std::string::npos);
    CHECK(output.find("\xC2\x9B") == std::string::npos);
    CHECK(output.find("2Jä") != std::string::npos);
  }
  CHECK(json_lines(printed({"export", file.name()})).at(0).at("topic") == hostile);
}

TEST_CASE("holdfast_store shows the file of a process at work, and purges it only after that one's end",
          "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  constexpr std::uint16_t deserted_port = 1;
  Program program(
      pub(deserted_port, {"-i", "meter", "--store", file, "-t", "t", "-q", "1", "-l", "--quiet"}));
  program.give("1\n2\n");
  const auto payloads = [&] {
    std::string all;
    for (const json& message : json_lines(store_tool({"export", file}).output))
      all += message.at("payload");
    return all;
  };
  REQUIRE(eventually([&] { return payloads() == "12"; }, program_patience));
  CHECK(fault_with({"purge", "--yes", file}, {"process", "(holdfast_pub) has it"}) == "");
  CHECK(payloads() == "12");
  program.signal(SIGKILL);
  static_cast<void>(program.wait());
  CHECK(printed({"purge", "--yes", file}) == "deleted 2 messages\n");
  CHECK(payloads() == "");
}

TEST_CASE("holdfast_store purge --yes deletes the messages and says how many",
          "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  CHECK(printed({"purge", "--yes", file.name()}) == "deleted 5 messages\n");
  CHECK(printed({"list", file.name()}) == "");
  const json left = json::parse(printed({"--json", file.name()}));
  CHECK(left.at("client_id") == "pump-17");
  CHECK(left.at("session_held") == true);
  CHECK(left.at("held_identifiers") == 2);
  CHECK(printed({"purge", "--yes", file.name()}) == "deleted 0 messages\n");
}

TEST_CASE("holdfast_store purge --topic leaves what the filter does not match",
          "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  CHECK(printed({"purge", "--yes", "--topic", "plant/17/#", file.name()}) == "deleted 3 messages\n");
  CHECK(printed({"purge", "--yes", "--topic", "plant/4/temp", file.name()}) == "deleted 1 message\n");
  CHECK(printed({"list", file.name()}) == "       5 waiting   1         4 plant/4/temp and more\n");
}

TEST_CASE("holdfast_store purge deletes nothing where it cannot ask", "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  CHECK(fault_with({"purge", file.name()}, {"no terminal", "--yes"}) == "");
  CHECK(file.messages() == 5);
}

TEST_CASE("holdfast_store purge asks on a terminal, and deletes only for a yes",
          "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  const std::string question = "Delete 5 messages of pump-17 in " + file.name() + "? [y/N] ";
  for (const char* no : {"n\n", "\n", "maybe\n", "\x04"}) {  // The last is the end of the input.
    const Outcome refused = answered({"purge", file.name()}, no);
    CHECK(refused.status == 1);
    CHECK(refused.output == "");
    CHECK(refused.errors == question + "holdfast_store: nothing was deleted\n");
    CHECK(file.messages() == 5);
  }
  const Outcome some = answered({"purge", "--topic", "+/17/flow", file.name()}, "y\n");
  CHECK(some.status == 0);
  CHECK(some.errors == "Delete 1 message of pump-17 on +/17/flow in " + file.name() + "? [y/N] ");
  CHECK(some.output == "deleted 1 message\n");
  CHECK(answered({"purge", file.name()}, "yes\n").output == "deleted 4 messages\n");
  CHECK(answered({"purge", file.name()}, "").output == "deleted 0 messages\n");  // Nothing to ask.
}

TEST_CASE("what is wrong with holdfast_store's arguments or file is said in one line",
          "[integration][tools][store]") {
  const LeftFile file(day_at_the_pump());
  const TemporaryDirectory directory;
  const std::string absent = (directory.path() / "absent.db").string();
  const std::string foreign = (directory.path() / "foreign.db").string();
  std::ofstream(foreign) << std::string(5'000, '!');
  CHECK(fault_with({}, {"FILE is missing"}) == "");
  CHECK(fault_with({"list"}, {"FILE is missing"}) == "");
  CHECK(fault_with({"--nonsense", file.name()}, {"--nonsense", "--help"}) == "");
  CHECK(fault_with({"--json", "list", file.name()}, {"--json", "export"}) == "");
  CHECK(fault_with({"list", "--topic", "a/#/b", file.name()}, {"--topic", "a/#/b", "not a topic filter"}) ==
        "");
  for (const Arguments& command : {Arguments{}, Arguments{"--json"}, Arguments{"list"}, Arguments{"export"},
                                   Arguments{"purge", "--yes"}}) {
    CHECK(fault_with(both(command, {absent}), {absent, "there is no such file"}) == "");
    CHECK(fault_with(both(command, {foreign}), {foreign, "no store of ours"}) == "");
  }
  CHECK_FALSE(std::filesystem::exists(absent));
}

TEST_CASE("holdfast_store tells when its output is lost, and not when nobody wants more",
          "[integration][tools][store]") {
  session::Journal journal;
  for (std::uint64_t sequence = 1; sequence <= 2'000; ++sequence)
    journal.emplace_back(accepted(sequence, "t", std::string(100, 'x')));
  const LeftFile file(journal);
  for (const Arguments& arguments : {Arguments{file.name()}, Arguments{"--json", file.name()},
                                     Arguments{"list", file.name()}, Arguments{"export", file.name()}}) {
    const Outcome full = Program(both({HOLDFAST_STORE_TOOL}, arguments), Program::Output::full).wait();
    CHECK(full.status == 1);
    CHECK(fault_in(full.errors, "holdfast_store", {"stdout", "No space left"}) == "");
    const Outcome unread = Program(both({HOLDFAST_STORE_TOOL}, arguments), Program::Output::unread).wait();
    CHECK(unread.status == 0);
    CHECK(unread.errors == "");
  }
}
