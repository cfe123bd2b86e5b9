#include "client/trace.hpp"

#include <holdfast/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/clock.hpp"
#include "client/trace_line.hpp"
#include "support/catch.hpp"
#include "support/failing_allocations.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace std::chrono_literals;

namespace {

class TracedFile {
 public:
  [[nodiscard]] std::string name() const { return (directory_.path() / "trace").string(); }
  /// Its lines, or those of the file before it, without what differs in each run: the times and the process.
  [[nodiscard]] std::vector<std::string> lines(const std::string& suffix = "") const {
    std::ifstream stream(name() + suffix);
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

/// Of the file's lines.
std::vector<double> times_in(const std::string& file) {
  std::ifstream stream(file);
  std::vector<double> times;
  for (std::string line; std::getline(stream, line);)
    times.push_back(std::stod(line.substr(std::string_view(R"({"t":)").size())));
  return times;
}

constexpr session::TimePoint at{1500ms};

std::string refusal_of(const std::string& file) {
  try {
    const Trace trace(file, 64, 0);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the trace holds all that happens in the order in which it happened", "[client][trace]") {
  const TracedFile file;
  Trace trace(file.name(), 64, 0);
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

TEST_CASE("without memory for its end a line is left out", "[client][trace]") {
  std::string written;
  { const TraceLine line(written, at, "some event that is longer than a string without memory"); }
  std::string lines;
  lines.reserve(written.size() - 1);
  CHECK(test::fails_at(
      0, [&] { const TraceLine line(lines, at, "some event that is longer than a string without memory"); }));
  CHECK(lines.empty());
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
    Trace trace(file.name(), 64, 0);
    trace.on_state(state);
    trace.write();
  }
  CHECK(file.lines() == Lines{R"({"t":1,"ev)", R"({"event":"trace","format":1})",
                              R"({"event":"state","state":"connecting"})", R"({"event":"trace","format":1})",
                              R"({"event":"state","state":"connected"})"});
}

TEST_CASE("a new trace is for its owner's eyes", "[client][trace]") {
  const TracedFile file;
  const Trace trace(file.name(), 64, 0);
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
  const Trace trace(file.name(), 64, 0);
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
  Trace trace("/dev/full", 64, 0);
  trace.on_state("connected");
  CHECK_FALSE(trace.error());
  trace.write();
  CHECK(trace.error() == std::errc::no_space_on_device);
}

TEST_CASE("a file that becomes too large is kept as FILE.1, and the next one begins with what it needs",
          "[client][trace]") {
  constexpr std::uintmax_t bytes_max = 128 << 10;
  const TracedFile file;
  Trace trace(file.name(), 64, bytes_max);
  trace.on_state("connected");
  trace.on_connection("mqtt://here", Protocol::mqtt_3_1_1);
  const std::vector<std::byte> ping{std::byte{0xC0}, std::byte{0}};
  const std::array<std::span<const std::byte>, 1> pieces{ping};
  std::size_t packets = 0;
  for (; !std::filesystem::exists(file.name() + ".1"); ++packets)
    trace.on_sent(pieces, ping.size());
  trace.write();
  const std::string line = R"({"event":"packet","direction":"out","type":"PINGREQ","size":2,"raw":"c000"})";
  const Lines first = file.lines(".1");
  CHECK(first.size() == 3 + packets - 1);
  CHECK(first.back() == line);
  CHECK(std::filesystem::file_size(file.name() + ".1") <= bytes_max);
  const std::string begin =
      R"({"event":"trace","format":1,"continued":true,"state":"connected","server":"mqtt://here","protocol":"3.1.1"})";
  CHECK(file.lines() == Lines{begin, line});
  CHECK(refusal_of(file.name()).find("is being written by another client") != std::string::npos);
  trace.on_end(Trace::End::lost, "gone");
  for (std::size_t i = 0; i < 2 * packets; ++i)
    trace.on_timer("keep_alive");
  trace.write();
  CHECK(file.lines(".1").front() == begin);
  CHECK(file.lines().front() == R"({"event":"trace","format":1,"continued":true,"state":"connected"})");
}

TEST_CASE("whatever comes at once, no file of a trace becomes larger than it may", "[client][trace]") {
  constexpr std::uintmax_t bytes_max = 128 << 10;
  const TracedFile file;
  Trace trace(file.name(), 64, bytes_max);
  std::vector<std::byte> pings(1 << 16);
  for (std::size_t i = 0; i < pings.size(); i += 2)
    pings[i] = std::byte{0xD0};
  for (int i = 0; i < 4; ++i) {
    trace.on_received(pings);
    CHECK(std::filesystem::file_size(file.name()) <= bytes_max);
    CHECK(std::filesystem::file_size(file.name() + ".1") <= bytes_max);
    const auto times = times_in(file.name());
    CHECK(std::is_sorted(times.begin(), times.end()));
  }
}

TEST_CASE("a trace whose file was taken away leaves alone what has its name now", "[client][trace]") {
  const TracedFile file;
  Trace trace(file.name(), 64, 128 << 10);
  std::filesystem::remove(file.name());
  std::ofstream(file.name()) << "of somebody else\n";
  for (int i = 0; i < 3000; ++i)
    trace.on_timer("keep_alive");
  CHECK(trace.error() == std::errc::no_such_file_or_directory);
  CHECK(file.lines() == Lines{"of somebody else"});
  CHECK_FALSE(std::filesystem::exists(file.name() + ".1"));
}

TEST_CASE("a trace whose next file cannot be had ends with the reason", "[client][trace]") {
  const TracedFile file;
  Trace trace(file.name(), 64, 128 << 10);
  std::filesystem::create_directory(file.name() + ".1");
  for (int i = 0; i < 3000; ++i)
    trace.on_timer("keep_alive");
  CHECK(trace.error() == std::errc::is_a_directory);
}

TEST_CASE("what is too large by its link's name keeps the link", "[client][trace]") {
  const TracedFile file;
  const std::string link = file.name() + "-link";
  std::filesystem::create_symlink(file.name(), link);
  Trace trace(link, 64, 128 << 10);
  for (int i = 0; i < 3000; ++i)
    trace.on_timer("keep_alive");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(std::filesystem::exists(file.name() + ".1"));
}
