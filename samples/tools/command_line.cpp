#include "command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iostream>

#include "completion.hpp"
#include "manual.hpp"
#include "refuse.hpp"
#include "reporting.hpp"

namespace holdfast::tools {

namespace {

constexpr const char* no_number = "nothing is given: must be a number";
constexpr std::size_t digits_max = 19;  // So many fit into 64 bits.

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written || reader_gone() ? exit_success : exit_failure;
}

}  // namespace

void add_help_and_version(CLI::App& app) {
  app.set_help_flag("--help", "Show this help and exit.");
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION, "Show the version and exit.");
}

CLI::Option* decimal(CLI::Option* option) {
  const auto without_zeros = [](std::string& text) -> std::string {
    if (text.empty()) return no_number;
    const std::size_t digits = text.find_first_of("0123456789");
    const std::size_t first = std::min(text.find_first_not_of('0', digits), text.size());
    if (digits > 1 || first == digits) return {};  // Left to the conversion.
    const bool at_end = first == text.size();
    if (!at_end && (text[first] < '0' || text[first] > '9')) return text + " is no decimal number";
    text.erase(digits, first - digits - (at_end ? 1 : 0));
    return {};
  };
  return option->transform(CLI::Validator(without_zeros, ""));
}

CLI::Option* natural(CLI::Option* option) {
  const auto from_zero = [](const std::string& text) -> std::string {
    if (text.starts_with('-')) return text + ": must be 0 or more";
    const bool whole = text.find_first_not_of("0123456789") == std::string::npos;
    return whole && text.size() > digits_max ? text + " is too large" : "";
  };
  return decimal(option)->check(CLI::Validator(from_zero, ""));
}

CLI::Option* real(CLI::Option* option) {
  const auto something = [](const std::string& text) -> std::string { return text.empty() ? no_number : ""; };
  return option->check(CLI::Validator(something, ""));
}

std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments, int help_status) {
  // What the build makes manual pages and completions of.
  using Words = std::vector<std::string>;
  if (arguments == Words{"--print-manual"}) return print(manual_page_of(app));
  if (arguments == Words{"--print-completion"} || arguments == Words{"--print-completion", "bash"})
    return print(bash_completion_of(app));
  if (arguments == Words{"--print-completion", "zsh"}) return print(zsh_completion_of(app));
  try {
    app.parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back.
  } catch (const CLI::Success& success) {
    app.exit(success);
    if (!std::cout.flush()) reader_gone();
    return help_status;
  } catch (const CLI::ParseError& error) {
    refuse(std::string(error.what()) + " (" + app.get_name() + " --help names every option)");
  }
  return std::nullopt;
}

std::vector<std::size_t> places_of(const CLI::App& app, const std::string& option) {
  const CLI::Option* wanted = app.get_option_no_throw(option);
  if (wanted == nullptr) return {};
  std::vector<std::size_t> places;
  const auto& order = app.parse_order();
  // A second parse, after that of a configuration file's reader, leaves the first one's order in front.
  for (std::size_t i = order.size(); i-- > 0 && places.size() < wanted->count();) {
    if (order[i] == wanted) places.push_back(i);
  }
  std::reverse(places.begin(), places.end());
  return places;
}

bool is_later(const CLI::App& app, const std::string& option, const std::string& than) {
  const auto places = places_of(app, option);
  const auto others = places_of(app, than);
  return !places.empty() && (others.empty() || places.back() > others.back());
}

}  // namespace holdfast::tools
