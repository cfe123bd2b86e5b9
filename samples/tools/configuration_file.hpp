// The user's file of options that are always meant, one a line, as mosquitto's tools have it.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::tools {

class ConfigurationFile {
 public:
  explicit ConfigurationFile(std::filesystem::path path) : path_(std::move(path)) {}
  /// The file that the tool's user has in $XDG_CONFIG_HOME or $HOME/.config, if there is one: by the tool's
  /// name, else by that of mosquitto's tool, whose scripts are to run unchanged.
  [[nodiscard]] static std::optional<ConfigurationFile> of_tool(const std::string& tool);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// Its options as arguments, without those in whose place the command line, which `app` has just parsed,
  /// has another. Throws Error (Errc::invalid_argument) for an option that the tool does not have.
  [[nodiscard]] std::vector<std::string> defaults_for(CLI::App& app) const;

 private:
  std::filesystem::path path_;
};

}  // namespace holdfast::tools
