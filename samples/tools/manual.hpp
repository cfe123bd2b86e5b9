// What is made of the options of a tool besides --help, so that nothing is written twice.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace holdfast::tools {

/// The manual page, in roff.
[[nodiscard]] std::string manual_page_of(const CLI::App& app);
/// A script that bash sources, to complete options and, where they are known, their values.
[[nodiscard]] std::string completion_of(const CLI::App& app);

}  // namespace holdfast::tools
