#include <holdfast/error.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/page_tables.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

// In the order of their values, from 1. Nothing in the library has their names.
std::vector<std::string> names_of_errors() {
  std::vector<std::string> names;
  std::ifstream header(HOLDFAST_ERROR_HEADER);
  const std::regex value(R"(  (\w+)( = 1)?,\s+///<.*)");
  std::smatch found;
  for (std::string line; std::getline(header, line);) {
    if (std::regex_match(line, found, value)) names.push_back(found[1]);
  }
  return names;
}

bool begins_with_advice(const std::string& cell) {
  const std::array<const char*, 5> advice{"Wait", "Again", "Mend", "Decide", "By its reason code: mend"};
  return std::any_of(advice.begin(), advice.end(), [&](const char* word) { return cell.starts_with(word); });
}

}  // namespace

TEST_CASE("docs/guide.md lists every Errc in order, with its sentence and what to do, and no other",
          "[unit][client][docs]") {
  const std::vector<std::string> names = names_of_errors();
  const std::vector<TableRow> rows = table_rows(HOLDFAST_GUIDE_PAGE, "### Every error");
  const auto sentence = [](std::size_t value) { return error_category().message(static_cast<int>(value)); };
  REQUIRE(rows.size() == names.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(names_in(rows[i].at(0)) == std::set{names[i]});
    CHECK(rows[i].at(1) == sentence(i + 1));
    CHECK(begins_with_advice(rows[i].at(2)));
  }
  CHECK(sentence(names.size() + 1) == sentence(0));  // There are no more.
}
