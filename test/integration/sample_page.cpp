#include "sample_page.hpp"

#include <algorithm>
#include <regex>
#include <stdexcept>
#include <utility>

namespace holdfast::support {

namespace {

/// Without what differs from run to run: times, identifiers, sizes, names of servers.
std::string comparable(const std::string& line) {
  static const std::vector<std::pair<std::regex, std::string>> replacements{
      {std::regex("[a-z]+://[^ ,]+"), "SERVER"},
      {std::regex("auto-[0-9A-F-]+|0x[0-9a-f]{16,}"), "CHANCE"},
      {std::regex("^ *[0-9]+\\.[0-9]+ | at [0-9-]+T[0-9:.]+Z"), " TIME "},
      {std::regex("\\b(id|of|Identifier:) [0-9]+"), "$1 N"},
      {std::regex("[0-9]+ bytes"), "N bytes"},
      {std::regex(" +"), " "},
  };
  std::string text = line;
  for (const auto& [what, replacement] : replacements)
    text = std::regex_replace(text, what, replacement);
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

/// What `holdfast_trace show` prints below that heading, without omissions.
std::vector<std::string> shown_below(const std::string& heading, const std::string& page) {
  std::vector<std::string> shown;
  bool below = false;
  bool printed = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("## ")) below = line == heading;
    if (!below || !line.starts_with("    ")) continue;
    const std::string text = comparable(line);
    if (text.starts_with("$ ")) {
      printed = text.find("holdfast_trace show ") != std::string::npos;
    } else if (printed && text != "...") {
      shown.push_back(text);
    }
  }
  return shown;
}

}  // namespace

Arguments traced(const std::filesystem::path& file, const Arguments& command) {
  return both({"/usr/bin/env", "TRACE=" + file.string()}, command);
}

std::vector<std::string> not_in_trace(const std::string& sample, const std::filesystem::path& file) {
  const std::string page = content_of(std::filesystem::path(HOLDFAST_SAMPLES_PAGES) / (sample + ".md"));
  for (const char* part : {"\n![", "\n## Run it\n", "\n## In the trace\n", "\n## Break it\n"}) {
    if (count_of(part, page) != 1) throw std::runtime_error(sample + ".md has to have one" + part);
  }
  const auto shown = shown_below("## In the trace", page);
  if (shown.empty()) throw std::runtime_error(sample + ".md shows nothing of the trace");
  const auto real = lines_of(run({HOLDFAST_TRACE, "show", file.string()}).output);
  auto place = real.begin();
  std::vector<std::string> missing;
  for (const std::string& line : shown) {
    const auto found = std::find_if(
        place, real.end(), [&](const std::string& candidate) { return comparable(candidate) == line; });
    if (found == real.end()) {
      missing.push_back(line);
    } else {
      place = found + 1;
    }
  }
  return missing;
}

}  // namespace holdfast::support
