// What -F takes is what the manual pages and docs/tools.md list.
#include "message_format.hpp"

#include <holdfast/error.hpp>

#include "support/catch.hpp"
#include "support/page_tables.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace holdfast::support;

namespace {

bool takes(const std::string& format) {
  try {
    check_format(format);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::set<std::string> listed_parts() {
  std::set<std::string> texts;
  for (const FormatPart& part : format_parts())
    texts.emplace(part.text);
  return texts;
}

}  // namespace

TEST_CASE("-F takes every part that is listed, and no other letter behind % and \\", "[unit][tools]") {
  const std::set<std::string> parts = listed_parts();
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(takes(part));
  }
  for (char c = '!'; c <= '~'; ++c) {
    for (const char* lead : {"%", "\\"}) {
      const std::string part = std::string(lead) + c;
      CAPTURE(part);
      CHECK(takes(part) == parts.contains(part));
    }
  }
}

TEST_CASE("docs/tools.md lists every part of a format, and no other", "[unit][tools][docs]") {
  CHECK(listed_parts() == names_of_table(HOLDFAST_TOOLS_PAGE, "## Formats"));
}
