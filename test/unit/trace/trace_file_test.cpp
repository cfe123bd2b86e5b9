#include "trace_file.hpp"

#include <fstream>
#include <string>

#include <holdfast/error.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::tools;

namespace {

const std::string good = R"({"t":1.000002,"event":"state","state":"idle"})";

class WrittenTrace {
 public:
  explicit WrittenTrace(const std::string& content) { std::ofstream(name()) << content; }
  [[nodiscard]] std::string name() const { return (directory_.path() / "trace").string(); }

 private:
  support::TemporaryDirectory directory_;
};

std::string unreadable_because(const std::string& line) {
  const WrittenTrace trace(line + "\n" + good + "\n");
  TraceFile file(trace.name());
  return file.next()->unreadable;
}

std::string refusal_of(const std::string& name) {
  try {
    TraceFile file(name);
    while (file.next()) {
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a packet's line gives its bytes, and which of them are masked", "[trace]") {
  const WrittenTrace trace(
      R"({"t":12.000345,"event":"packet","direction":"out","type":"PINGREQ","size":5,"raw":"c0**ff"})");
  TraceFile file(trace.name());
  const auto entry = file.next();
  REQUIRE(entry);
  CHECK(entry->time == 12'000'345);
  CHECK(entry->from_client);
  CHECK(entry->packet.size == 5);
  CHECK(entry->packet.bytes == std::vector{std::byte{0xC0}, std::byte{'*'}, std::byte{0xFF}});
  CHECK(entry->packet.masked == std::vector{false, true, false});
  CHECK_FALSE(file.next());
}

TEST_CASE("a line that is not what it should be says why, and those after it are read", "[trace]") {
  CHECK(unreadable_because(good.substr(0, 20)) == "not a JSON object: cut short, or not of a trace");
  CHECK(unreadable_because("[1]") == "not a JSON object: cut short, or not of a trace");
  const std::string nested = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(unreadable_because(R"({"t":1,"event":"x","y":)" + nested + "}") ==
        "not a JSON object: cut short, or not of a trace");
  CHECK(unreadable_because(R"({"event":"state"})") == "t, the time, is missing");
  CHECK(unreadable_because(R"({"t":-1,"event":"state"})") == "t is no time");
  CHECK(unreadable_because(R"({"t":1e300,"event":"state"})") == "t is no time");
  CHECK(unreadable_because(R"({"t":1,"event":7})") == "event is missing");
  CHECK(unreadable_because(R"({"t":1,"event":"packet","direction":"up","size":2,"raw":"c000"})") ==
        "direction is neither in nor out");
  CHECK(unreadable_because(R"({"t":1,"event":"packet","direction":"in","size":2,"raw":"c0x0"})") ==
        "raw is not in hexadecimal");
  CHECK(unreadable_because(R"({"t":1,"event":"packet","direction":"in","size":2,"raw":"c0*0"})") ==
        "raw is not in hexadecimal");
  CHECK(unreadable_because(R"({"t":1,"event":"packet","direction":"in","size":1,"raw":"c000"})") ==
        "size is less than the bytes of raw");
  const WrittenTrace trace(good + "\n\nnonsense\n" + good);
  TraceFile file(trace.name());
  CHECK(file.next()->line == 1);
  CHECK(file.next()->unreadable != "");
  CHECK(file.next()->line == 4);
  CHECK_FALSE(file.next());
}

TEST_CASE("what is no trace is refused with the file's name and what to do", "[trace]") {
  const WrittenTrace text("Hello,\nworld\n");
  CHECK(refusal_of(text.name()) ==
        "\"" + text.name() +
            "\" is no trace: none of its 2 lines is one of a trace: name a file that "
            "--trace or Options::trace wrote");
  CHECK(refusal_of("/no/such/trace") ==
        "\"/no/such/trace\" cannot be read: No such file or directory: name the file of a trace");
  CHECK(refusal_of("/tmp").find("\"/tmp\" cannot be read") == 0);
  const WrittenTrace newer(R"({"t":1,"event":"trace","format":2})");
  CHECK(refusal_of(newer.name()) ==
        "\"" + newer.name() +
            "\", line 1: written by a newer Holdfast, in format 2: this holdfast_trace "
            "reads format 1: take the one of that version");
}
