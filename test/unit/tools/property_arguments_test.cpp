// What -D takes is what the manual pages and docs/tools.md list.
#include "property_arguments.hpp"

#include <holdfast/error.hpp>

#include "support/catch.hpp"
#include "support/page_tables.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace holdfast::support;

namespace {

/// Empty if -D takes that, else what it says.
std::string refusal_of(const KnownProperty& property) {
  std::vector<std::string> words{"-D", std::string(property.command), std::string(property.name), "1"};
  if (property.value == "NAME VALUE") words.emplace_back("1");
  try {
    const auto arguments = take_properties(words);
    Options options{.will = Will{}};
    PublishOptions publish_options;
    apply_connect_properties(arguments, options);
    apply_publish_properties(arguments, publish_options);
    static_cast<void>(subscribe_properties(arguments, "subscribe"));
    static_cast<void>(subscribe_properties(arguments, "unsubscribe"));
    static_cast<void>(disconnect_options(arguments, options));
    return words.empty() ? "" : "did not take " + words.front();
  } catch (const Error& error) {
    return error.what();
  }
}

std::string text_of(const KnownProperty& property) {
  return std::string(property.name) + " " + std::string(property.value);
}

}  // namespace

TEST_CASE("-D takes every property that is listed, and no other", "[unit][tools]") {
  std::set<std::pair<std::string_view, std::string_view>> listed;
  for (const KnownProperty& property : known_properties())
    listed.emplace(property.command, property.name);
  CHECK(listed.size() == known_properties().size());
  for (const KnownProperty& of : known_properties()) {
    for (const KnownProperty& property : known_properties()) {
      const KnownProperty tried{of.command, property.name, property.value};
      CAPTURE(tried.command, tried.name);
      const std::string refusal = refusal_of(tried);
      if (listed.contains({tried.command, tried.name}))
        CHECK(refusal == "");
      else
        CHECK(refusal.find("has no such property") != std::string::npos);
    }
  }
}

TEST_CASE("docs/tools.md lists the properties of each command, and no other", "[unit][tools][docs]") {
  std::set<std::pair<std::string, std::string>> listed;
  for (const KnownProperty& property : known_properties())
    listed.emplace(property.command, text_of(property));
  std::set<std::pair<std::string, std::string>> told;
  for (const TableRow& row : table_rows(HOLDFAST_TOOLS_PAGE, "## Properties")) {
    for (const std::string& command : names_in(row.at(0))) {
      for (const std::string& property : names_in(row.at(1)))
        told.emplace(command, property);
    }
  }
  CHECK(listed == told);
}
