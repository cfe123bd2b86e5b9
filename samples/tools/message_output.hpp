// How received messages are printed: -v, -N, -F and --json.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include <holdfast/message.hpp>

namespace holdfast::tools {

struct MessageOutput {
  bool verbose = false;
  bool no_newline = false;
  bool json = false;
  bool pretty = false;
  bool hexadecimal = false;
  std::optional<std::string> format;

  void add_to(CLI::App& app);
  /// Throws Error (Errc::invalid_argument) for what contradicts itself.
  void check() const;
  /// False if it could not be written; errno says why.
  [[nodiscard]] bool print(const Message& message) const;
};

}  // namespace holdfast::tools
