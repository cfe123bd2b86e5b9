// docs/tools.md has a row for each option of mosquitto's tools, and for each that only ours have.
#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "support/page_tables.hpp"
#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

struct Row {
  std::set<std::string> tools;
  bool of_all = false;
  std::string ours;
};

/// By option; one that has several rows is known by the one for that tool.
std::multimap<std::string, Row> rows_of_table(const std::string& heading) {
  std::multimap<std::string, Row> rows;
  for (const TableRow& cells : table_rows(HOLDFAST_TOOLS_PAGE, heading)) {
    Row found{{}, cells.at(1) == "all", cells.at(2)};
    for (const char* tool : {"pub", "sub", "rr"}) {
      if (found.of_all || cells.at(1).find(tool) != std::string::npos) found.tools.insert(tool);
    }
    for (const std::string& option : names_in(cells.at(0)))
      rows.emplace(option.substr(0, option.find(' ')), found);
  }
  return rows;
}

std::multimap<std::string, Row> rows_of_mosquitto() {
  return rows_of_table("## Every option");
}

bool has_row(const std::multimap<std::string, Row>& rows, const std::set<std::string>& option,
             const std::string& tool) {
  return std::any_of(option.begin(), option.end(), [&](const std::string& flag) {
    const auto [begin, end] = rows.equal_range(flag);
    return std::any_of(begin, end, [&](const auto& row) {
      return tool == "bench" ? row.second.of_all : row.second.tools.contains(tool);
    });
  });
}

std::string program_of(const std::string& tool) {
  return HOLDFAST_PROGRAMS + ("/holdfast_" + tool);
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
  const auto rows = rows_of_mosquitto();
  const std::set<std::string> ours = flags_of(program_of(tool).c_str());
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
  for (const auto& [flag, row] : rows_of_mosquitto()) {
    if (row.ours.rfind("Refused", 0) == 0) continue;  // Theirs have it where they are built so.
    for (const std::string& tool : row.tools) {
      CAPTURE(flag, tool);
      const Outcome outcome = run({"/usr/bin/mosquitto_" + tool, flag});
      CHECK(outcome.errors.find("Unknown option") == std::string::npos);
    }
  }
}

TEST_CASE("docs/tools.md tells of every option that only ours have, and ours have those that it tells of",
          "[integration][tools][docs]") {
  const std::string tool = GENERATE(as<std::string>{}, "pub", "sub", "rr");
  const auto theirs = rows_of_mosquitto();
  const auto own = rows_of_table("## Options of our own");
  for (const auto& option : options_of(program_of(tool).c_str())) {
    CAPTURE(tool, option);
    CHECK(has_row(theirs, option, tool) != has_row(own, option, tool));
  }
  const std::set<std::string> flags = flags_of(program_of(tool).c_str());
  for (const auto& [flag, row] : own) {
    CAPTURE(tool, flag);
    CHECK(flags.contains(flag) == row.tools.contains(tool));
  }
}

TEST_CASE("docs/tools.md tells of every option that holdfast_bench does not share, and of no other",
          "[integration][tools][docs]") {
  const auto theirs = rows_of_mosquitto();
  const auto own = rows_of_table("## Options of our own");
  std::set<std::string> not_shared;
  for (const auto& option : options_of(HOLDFAST_BENCH)) {
    if (!has_row(theirs, option, "bench") && !has_row(own, option, "bench"))
      not_shared.insert(option.begin(), option.end());
  }
  CHECK(not_shared == names_of_table(HOLDFAST_TOOLS_PAGE, "### Its options"));
}
