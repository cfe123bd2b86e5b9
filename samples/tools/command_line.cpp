#include "command_line.hpp"

#include <holdfast/error.hpp>

namespace holdfast::tools {

void add_help_and_version(CLI::App& app) {
  app.set_help_flag("--help", "Show this help and exit.");
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION, "Show the version and exit.");
}

std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments) {
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
