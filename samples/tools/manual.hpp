// The manual page of a tool, of the same source as --help, so that nothing is written twice.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace holdfast::tools {

/// The manual page, in roff.
[[nodiscard]] std::string manual_page_of(const CLI::App& app);

}  // namespace holdfast::tools
