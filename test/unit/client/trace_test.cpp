#include "client/trace.hpp"

#include <holdfast/error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::client;

namespace {

constexpr session::TimePoint at{std::chrono::seconds(2)};

std::string content(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("the trace holds packets, states and commits in the order in which they came", "[client][trace]") {
  const support::TemporaryDirectory directory;
  const std::string file = (directory.path() / "trace").string();
  Trace trace(file);
  trace.on_commit(3, at);
  const std::array<std::byte, 2> ping{std::byte{0xC0}, std::byte{0}};
  const std::array<std::span<const std::byte>, 2> pieces{std::span(ping).first(1), std::span(ping).last(1)};
  trace.on_sent(pieces, 1, at);
  trace.on_state("connected", at);
  trace.on_sent(std::span(pieces).last(1), 1, at);
  REQUIRE(trace.write());
  CHECK(content(file) ==
        "{\"t\":2.000000,\"event\":\"commit\",\"records\":3}\n"
        "{\"t\":2.000000,\"event\":\"state\",\"state\":\"connected\"}\n"
        "{\"t\":2.000000,\"event\":\"packet\",\"direction\":\"out\",\"type\":\"PINGREQ\",\"size\":2,"
        "\"raw\":\"c000\"}\n");
}

TEST_CASE("a trace goes on behind what its file holds already", "[client][trace]") {
  const support::TemporaryDirectory directory;
  const std::string file = (directory.path() / "trace").string();
  for (const char* state : {"connecting", "connected"}) {
    Trace trace(file);
    trace.on_state(state, at);
    REQUIRE(trace.write());
  }
  CHECK(content(file) ==
        "{\"t\":2.000000,\"event\":\"state\",\"state\":\"connecting\"}\n"
        "{\"t\":2.000000,\"event\":\"state\",\"state\":\"connected\"}\n");
}

TEST_CASE("a trace that cannot be opened says which file and why", "[client][trace]") {
  std::string what;
  try {
    const Trace trace("/no/such/directory/trace");
  } catch (const Error& error) {
    what = error.what();
  }
  CHECK(what ==
        "trace: \"/no/such/directory/trace\" cannot be opened for appending: No such file or directory: "
        "name a file that this process may write");
}

TEST_CASE("a full disk is told to who writes the trace", "[client][trace]") {
  Trace trace("/dev/full");
  trace.on_state("connected", at);
  CHECK_FALSE(trace.write());
}
