#include "command_line.hpp"

#include <cstdio>

#include <holdfast/error.hpp>

#include "completion.hpp"
#include "exit_code.hpp"
#include "manual.hpp"
#include "reporting.hpp"

namespace holdfast::tools {

namespace {

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written || reader_gone() ? exit_success : exit_failure;
}

}  // namespace

void add_help_and_version(CLI::App& app) {
  app.set_help_flag("--help", "Show this help and exit.");
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION, "Show the version and exit.");
}

std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments) {
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
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    throw Error(Errc::invalid_argument,
                std::string(error.what()) + " (" + app.get_name() + " --help names every option)");
  }
  return std::nullopt;
}

}  // namespace holdfast::tools
