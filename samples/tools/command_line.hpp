// What the command lines of all tools have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::tools {

/// --help and --version; before any sub-command is added.
void add_help_and_version(CLI::App& app);

/// Parses the arguments into the options added to `app`. An exit status when there is nothing more to do:
/// --help or --version. Throws Error (Errc::invalid_argument) for what is wrong.
[[nodiscard]] std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace holdfast::tools
