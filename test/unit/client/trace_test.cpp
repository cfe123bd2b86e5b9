#include "client/trace.hpp"

#include <holdfast/error.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <span>
#include <string>
#include <vector>

#include "client/clock.hpp"
#include "client/trace_line.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace std::chrono_literals;

namespace {

class TracedFile {
 public:
  [[nodiscard]] std::string name() const { return (directory_.path() / "trace").string(); }
  /// Its lines without what differs in each run: the times and the process.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream stream(name());
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
      line = std::regex_replace(line, std::regex(R"(\{"t":[0-9]+\.[0-9]{6},)"), "{");
      line = std::regex_replace(line, std::regex(R"(,"wall":"[^"]*Z")"), "");
      lines.push_back(std::regex_replace(line, std::regex(R"(,"process":[0-9]+)"), ""));
    }
    return lines;
  }

 private:
  support::TemporaryDirectory directory_;
};

using Lines = std::vector<std::string>;

std::string refusal_of(const std::string& file) {
  try {
    const Trace trace(file, 64);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the trace holds all that happens in the order in which it happened", "[client][trace]") {
  const TracedFile file;
  Trace trace(file.name(), 64);
  trace.on_attempt("mqtt://here", 1);
  trace.on_connection("mqtt://here", Protocol::mqtt_5);
  trace.on_timer("keep_alive");
  trace.on_commit(3);
  const std::array<std::byte, 2> ping{std::byte{0xC0}, std::byte{0}};
  const std::array<std::span<const std::byte>, 2> pieces{std::span(ping).first(1), std::span(ping).last(1)};
  trace.on_sent(pieces, 1);
  trace.on_state("connected");
  trace.on_sent(std::span(pieces).last(1), 1);
  trace.on_end(Trace::End::lost, "the \"broker\"\n\xFF closed", ReasonCode::server_busy);
  trace.on_retry(1250ms, "mqtt://there");
  trace.write();
  CHECK(
      file.lines() ==
      Lines{
          R"({"event":"trace","format":1})", R"({"event":"connecting","server":"mqtt://here","attempt":1})",
          R"({"event":"connection","server":"mqtt://here","protocol":"5"})",
          R"({"event":"timer","timer":"keep_alive"})", R"({"event":"commit","records":3})",
          R"({"event":"state","state":"connected"})",
          R"({"event":"packet","direction":"out","type":"PINGREQ","size":2,"raw":"c000"})",
          R"({"event":"disconnected","by_request":false,"what":"the \"broker\"\u000a? closed","reason":137})",
          R"({"event":"retry","after":1.250000,"server":"mqtt://there"})"});
}

TEST_CASE("a line's time has all its digits", "[client][trace]") {
  std::string lines;
  { const TraceLine line(lines, session::TimePoint(1234567s + 42us), "x"); }
  CHECK(lines == "{\"t\":1234567.000042,\"event\":\"x\"}\n");
}

TEST_CASE("a trace goes on behind what its file holds already, and a line that was cut short stays alone",
          "[client][trace]") {
  const TracedFile file;
  std::ofstream(file.name()) << R"({"t":1,"ev)";
  for (const char* state : {"connecting", "connected"}) {
    Trace trace(file.name(), 64);
    trace.on_state(state);
    trace.write();
  }
  CHECK(file.lines() == Lines{R"({"t":1,"ev)", R"({"event":"trace","format":1})",
                              R"({"event":"state","state":"connecting"})", R"({"event":"trace","format":1})",
                              R"({"event":"state","state":"connected"})"});
}

TEST_CASE("a new trace is for its owner's eyes", "[client][trace]") {
  const TracedFile file;
  const Trace trace(file.name(), 64);
  using std::filesystem::perms;
  CHECK(std::filesystem::status(file.name()).permissions() == (perms::owner_read | perms::owner_write));
}

TEST_CASE("a trace that cannot be opened says which file and why", "[client][trace]") {
  CHECK(refusal_of("/no/such/directory/trace") ==
        "trace: \"/no/such/directory/trace\" cannot be opened for appending: No such file or directory: "
        "name a file that this process may write");
}

TEST_CASE("two clients do not write into one trace", "[client][trace]") {
  const TracedFile file;
  const Trace trace(file.name(), 64);
  CHECK(refusal_of(file.name()) ==
        "trace: \"" + file.name() + "\" is being written by another client: name a file of its own for each");
}

TEST_CASE("a pipe, whose reader may go away, is refused", "[client][trace]") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const std::string file = "/dev/fd/" + std::to_string(ends[1]);
  CHECK(refusal_of(file) ==
        "trace: \"" + file + "\" is no file that can be appended to (a pipe, perhaps): name a regular file");
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a full disk is told to who writes the trace, and nothing is kept for it", "[client][trace]") {
  Trace trace("/dev/full", 64);
  trace.on_state("connected");
  CHECK_FALSE(trace.error());
  trace.write();
  CHECK(trace.error() == std::errc::no_space_on_device);
}
