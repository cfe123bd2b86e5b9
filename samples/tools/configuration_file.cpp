#include "configuration_file.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include "refuse.hpp"

namespace holdfast::tools {

namespace {

// Each stands in the place of the others of its group: a port on the command line is not to be refused for
// the socket in the file.
constexpr std::array<std::array<std::string_view, 4>, 5> exclusive{
    {{"-p", "--unix"},
     {"-i", "-I"},
     {"-P", "--pw-file", "--pw-env", "--pw-prompt"},
     {"--json", "-F"},
     {"-R", "--retained-only"}}};

// As for mosquitto_sub: what is subscribed to and filtered out adds up. So do properties.
constexpr std::array<std::string_view, 4> added{"-t", "-T", "-U", "-D"};

std::optional<std::filesystem::path> directory() {
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs yet.
  if (const char* directory = std::getenv("XDG_CONFIG_HOME"); directory != nullptr && *directory != '\0')
    return directory;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::filesystem::path(home) / ".config";
  // NOLINTEND(concurrency-mt-unsafe)
  return std::nullopt;
}

bool given(CLI::App& app, std::string_view name) {
  const CLI::Option* option = name.empty() ? nullptr : app.get_option_no_throw(std::string(name));
  return option != nullptr && option->count() != 0;
}

bool is_replaced(CLI::App& app, const CLI::Option& option) {
  const auto is = [&](std::string_view name) {
    return !name.empty() && option.check_name(std::string(name));
  };
  if (std::any_of(added.begin(), added.end(), is)) return false;
  return option.count() != 0 || std::any_of(exclusive.begin(), exclusive.end(), [&](const auto& group) {
           return std::any_of(group.begin(), group.end(), is) &&
                  std::any_of(group.begin(), group.end(),
                              [&](std::string_view name) { return given(app, name); });
         });
}

// What follows without a blank may be a password.
std::string without_value(const std::string& name) {
  return name.starts_with("--") ? name.substr(0, name.find_first_of("=\t")) : name.substr(0, 2);
}

// The value is the rest of the line; that of a property is several arguments.
void append(std::vector<std::string>& arguments, const std::string& name, const std::string& value) {
  arguments.push_back(name);
  if (name == "-D" || name == "--property") {
    std::istringstream words(value);
    for (std::string word; words >> word;)
      arguments.push_back(word);
  } else if (!value.empty()) {
    arguments.push_back(value);
  }
}

}  // namespace

std::optional<ConfigurationFile> ConfigurationFile::of_tool(const std::string& tool) {
  const auto where = directory();
  if (!where) return std::nullopt;
  const std::string suffix = tool.substr(tool.find('_'));
  for (const std::string& name : {tool, "mosquitto" + suffix}) {
    std::error_code error;
    if (std::filesystem::exists(*where / name, error)) return ConfigurationFile(*where / name);
  }
  return std::nullopt;
}

std::vector<std::string> ConfigurationFile::defaults_for(CLI::App& app) const {
  if (std::error_code error; std::filesystem::is_directory(path_, error))
    refuse("is a directory: put a file in its place, or remove it");
  std::ifstream file(path_);
  if (!file) refuse("cannot be read: correct its name or its permissions, or remove it");
  std::vector<std::string> arguments;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line.erase(line.find_last_not_of('\r') + 1);
    line.erase(0, line.find_first_not_of(' '));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string name = line.substr(0, blank);
    const CLI::Option* option = name.front() == '-' ? app.get_option_no_throw(name) : nullptr;
    if (option == nullptr) {
      // The line itself may hold a password.
      refuse("line " + std::to_string(number) + ": " +
             (name.front() == '-' ? "there is no option " + without_value(name)
                                  : "must begin with an option, such as -h"));
    }
    if (!is_replaced(app, *option)) append(arguments, name, line.substr(std::min(blank + 1, line.size())));
  }
  return arguments;
}

}  // namespace holdfast::tools
