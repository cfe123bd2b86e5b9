#include "command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "completion.hpp"
#include "manual.hpp"
#include "refuse.hpp"
#include "reporting.hpp"

namespace holdfast::tools {

namespace {

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written || reader_gone() ? exit_success : exit_failure;
}

// Of its last occurrence; 0 where the option is not given.
std::ptrdiff_t place_of(const CLI::App& app, const std::string& name) {
  const auto& order = app.parse_order();
  return order.rend() - std::find(order.rbegin(), order.rend(), app.get_option_no_throw(name));
}

}  // namespace

void add_help_and_version(CLI::App& app) {
  app.set_help_flag("--help", "Show this help and exit.");
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION, "Show the version and exit.");
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
    return help_status;
  } catch (const CLI::ParseError& error) {
    refuse(std::string(error.what()) + " (" + app.get_name() + " --help names every option)");
  }
  return std::nullopt;
}

bool is_later(const CLI::App& app, const std::string& option, const std::string& than) {
  return place_of(app, option) > place_of(app, than);
}

}  // namespace holdfast::tools
