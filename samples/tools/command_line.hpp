// What the command lines of all tools have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "exit_code.hpp"

namespace holdfast::tools {

/// --help and --version; before any sub-command is added.
void add_help_and_version(CLI::App& app);

/// Takes whole numbers as they are written: 010 is ten, and 0x10 none. Nor is nothing at all, as of a
/// script's variable that is not set.
CLI::Option* decimal(CLI::Option* option);
/// The same from 0, for a type that has no others.
CLI::Option* natural(CLI::Option* option);
/// A number that may have a fraction.
CLI::Option* real(CLI::Option* option);

/// Parses the arguments into the options added to `app`. An exit status when there is nothing more to do:
/// `help_status` for --help or --version. Throws Error (Errc::invalid_argument) for what is wrong.
[[nodiscard]] std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments,
                                       int help_status = exit_success);

/// Where an option stands on the command line, each time: larger is later.
[[nodiscard]] std::vector<std::size_t> places_of(const CLI::App& app, const std::string& option);
/// Whether an option was given, and after another one if that was given, too.
[[nodiscard]] bool is_later(const CLI::App& app, const std::string& option, const std::string& than);

}  // namespace holdfast::tools
