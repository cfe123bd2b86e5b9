// Where the payload of a published message comes from: -m, -f, -s and -n.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace holdfast::tools {

struct PayloadSource {
  std::optional<std::string> message;
  std::string file;
  bool whole_input = false;
  bool null_message = false;

  void add_to(CLI::App& app);
  /// How many of them were named; read() needs one.
  [[nodiscard]] int given() const noexcept;
  /// The payload. Throws std::system_error for a file that cannot be read.
  [[nodiscard]] std::string read() const;
};

}  // namespace holdfast::tools
