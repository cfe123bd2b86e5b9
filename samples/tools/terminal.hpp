// What the tools do where a person sits before them.
#pragma once

#include <string>

namespace holdfast::tools {

/// Asks for a secret on the terminal of the process, without showing what is typed. Throws Error
/// (Errc::invalid_argument) naming `option` where there is no terminal, or nothing was typed.
[[nodiscard]] std::string ask_secret(const std::string& option, const std::string& question);
/// Whether stderr is a terminal that can take a line back.
[[nodiscard]] bool errors_on_terminal();

/// On such a terminal: takes back the line that the cursor is in.
inline constexpr const char* take_line_back = "\r\033[K";

}  // namespace holdfast::tools
