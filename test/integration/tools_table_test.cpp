// docs/tools.md has a row for each option of mosquitto's tools.
#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

struct Row {
  std::set<std::string> tools;
  std::string ours;
};

/// By option; one that has several rows is known by the one for that tool.
std::multimap<std::string, Row> rows_of_table() {
  std::multimap<std::string, Row> rows;
  const std::regex row("\\| (.*) \\| ([a-z, ]+) \\| (.*) \\|");
  const std::regex option("`(-[^`]+)`");
  for (const std::string& line : lines_of(content_of(HOLDFAST_TOOLS_PAGE))) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    Row found{{}, cells[3]};
    for (const char* tool : {"pub", "sub", "rr"}) {
      if (cells[2] == "all" || cells[2].str().find(tool) != std::string::npos) found.tools.insert(tool);
    }
    const std::string options = cells[1];
    for (std::sregex_iterator it(options.begin(), options.end(), option), end; it != end; ++it)
      rows.emplace((*it)[1], found);
  }
  return rows;
}

/// The flags in mosquitto's own help: of its usage and of its list.
std::set<std::string> flags_of_mosquitto(const std::string& tool) {
  const std::string help = run({"/usr/bin/mosquitto_" + tool, "--help"}).output;
  const std::regex flag("(^|[\\s\\[{|])(--[a-z][a-z0-9-]*|-[A-Za-z])(?=[\\s\\]}])");
  std::set<std::string> flags;
  for (std::sregex_iterator it(help.begin(), help.end(), flag), end; it != end; ++it)
    flags.insert((*it)[2]);
  return flags;
}

}  // namespace

TEST_CASE("docs/tools.md says of every option of mosquitto's what ours does, and ours have it",
          "[integration][tools][docs]") {
  const std::string tool = GENERATE(as<std::string>{}, "pub", "sub", "rr");
  const auto rows = rows_of_table();
  const std::string program = HOLDFAST_PROGRAMS + ("/holdfast_" + tool);
  const std::set<std::string> ours = flags_of(program.c_str());
  const std::set<std::string> theirs = flags_of_mosquitto(tool);
  CHECK(theirs.size() > 40);
  for (const std::string& flag : theirs) {
    CAPTURE(tool, flag);
    const auto [begin, end] = rows.equal_range(flag);
    const auto row = std::find_if(
        begin, end, [&](const auto& candidate) { return candidate.second.tools.count(tool) != 0; });
    REQUIRE(row != end);
    const bool refused = row->second.ours.rfind("Refused", 0) == 0;
    CHECK((ours.count(flag) != 0) != refused);
  }
}

TEST_CASE("docs/tools.md has no row for an option that mosquitto's tool does not have",
          "[integration][tools][docs]") {
  for (const auto& [flag, row] : rows_of_table()) {
    if (row.ours.rfind("Refused", 0) == 0) continue;  // Theirs have it where they are built so.
    for (const std::string& tool : row.tools) {
      CAPTURE(flag, tool);
      const Outcome outcome = run({"/usr/bin/mosquitto_" + tool, flag});
      CHECK(outcome.errors.find("Unknown option") == std::string::npos);
    }
  }
}
