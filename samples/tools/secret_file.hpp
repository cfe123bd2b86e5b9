// Secrets that stand in files: on the command line every user of the machine could read them.
#pragma once

#include <string>

namespace holdfast::tools {

/// The first line of a file, without its end. Throws Error (Errc::invalid_argument) naming option and file.
[[nodiscard]] std::string first_line_of(const std::string& option, const std::string& file);
/// The value of the environment variable that is named by the option. Throws Error (Errc::invalid_argument)
/// without one.
[[nodiscard]] std::string environment(const std::string& option, const std::string& variable);

}  // namespace holdfast::tools
