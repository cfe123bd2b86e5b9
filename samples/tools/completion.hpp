// What a shell has to know to complete a tool's command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace holdfast::tools {

[[nodiscard]] std::string bash_completion_of(const CLI::App& app);
/// For a file of the name _TOOL in zsh's fpath, or to be sourced.
[[nodiscard]] std::string zsh_completion_of(const CLI::App& app);

}  // namespace holdfast::tools
