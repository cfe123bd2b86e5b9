#include "completion.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "described_options.hpp"

namespace holdfast::tools {

namespace {

// The app itself, and its commands.
std::vector<const CLI::App*> parts_of(const CLI::App& app) {
  std::vector<const CLI::App*> parts{&app};
  for (const CLI::App* command : commands_of(app))
    parts.push_back(command);
  return parts;
}

bool takes_files(const CLI::App& app) {
  const auto is_file = [](const CLI::Option* option) { return option->get_name(true) == "FILE"; };
  const auto takes = [&](const CLI::App* part) {
    const auto options = options_of(*part);
    return std::any_of(options.begin(), options.end(), is_file);
  };
  const auto parts = parts_of(app);
  return std::any_of(parts.begin(), parts.end(), takes);
}

// What follows the option in bash: the values' kind for compgen.
std::string compgen_for(const std::string& type) {
  if (type == "FILE") return "-f";
  if (type == "DIRECTORY") return "-d";
  return type.find('|') == std::string::npos ? "-W ''" : "-W '" + type + "'";
}

// Within single quotes and brackets.
std::string quoted_for_zsh(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\'')
      safe += "'\\'";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

// And in zsh: a message, and what to do.
std::string action_for(std::string type) {
  if (type == "FILE") return ":FILE:_files";
  if (type == "DIRECTORY") return ":DIRECTORY:_files -/";
  if (type.find('|') == std::string::npos) return ":" + quoted_for_zsh(type) + ": ";
  std::replace(type.begin(), type.end(), '|', ' ');
  return ":VALUE:(" + type + ")";
}

// One argument of _arguments; nothing for what has no name.
std::string zsh_argument_of(const CLI::Option& option) {
  const std::vector<std::string> names = names_of(option);
  if (names.empty()) return {};
  std::string argument = "    '*'";
  if (names.size() > 1) argument += "{";
  std::string separator;
  for (const std::string& name : names) {
    argument += separator + name + (takes_value(option) && name.starts_with("--") ? "=" : "");
    separator = ",";
  }
  if (names.size() > 1) argument += "}";
  argument += "'[" + quoted_for_zsh(option.get_description()) + "]";
  if (takes_value(option)) argument += action_for(option.get_type_name());
  return argument + "' \\\n";
}

}  // namespace

std::string bash_completion_of(const CLI::App& app) {
  std::string words;
  std::string values;
  for (const CLI::App* command : commands_of(app))
    words += command->get_name() + " ";
  for (const CLI::App* part : parts_of(app)) {
    for (const CLI::Option* option : options_of(*part)) {
      std::string pattern;
      for (const std::string& name : names_of(*option)) {
        words += name + " ";
        pattern += (pattern.empty() ? "" : "|") + name;
      }
      if (!takes_value(*option) || pattern.empty()) continue;
      values.append("    ").append(pattern).append(") mapfile -t COMPREPLY < <(IFS='|'; compgen ");
      values += compgen_for(option->get_type_name()) + " -- \"$word\"); return ;;\n";
    }
  }
  const std::string function = "_" + app.get_name();
  std::string script = "# bash completion for " + app.get_name() + "\n" + function +
                       "() {\n"
                       "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                       "  case $before in\n" +
                       values +
                       "  esac\n"
                       "  mapfile -t COMPREPLY < <(compgen -W '" +
                       words + "' -- \"$word\"";
  if (takes_files(app)) script += " || true; compgen -f -- \"$word\"";
  return script +
         ")\n"
         "}\n"
         "complete -o filenames -F " +
         function + " " + app.get_name() + "\n";
}

std::string zsh_completion_of(const CLI::App& app) {
  const std::string function = "_" + app.get_name();
  std::string script = "#compdef " + app.get_name() + "\n" + function + "() {\n  _arguments -s \\\n";
  for (const CLI::App* part : parts_of(app)) {
    for (const CLI::Option* option : options_of(*part)) {
      const std::string argument = zsh_argument_of(*option);
      if (script.find(argument) == std::string::npos) script += argument;  // Commands share some.
    }
  }
  if (const auto commands = commands_of(app); !commands.empty()) {
    script += "    '1:COMMAND:{compadd -- ";
    for (const CLI::App* command : commands)
      script += command->get_name() + " ";
    script += takes_files(app) ? "; _files}' \\\n" : "}' \\\n";
  }
  if (takes_files(app)) script += "    '*:FILE:_files' \\\n";
  script += "    && return 0\n}\n";
  // From fpath the file is the function, and is called; when it is sourced it says what it is for.
  return script + "if [ \"${funcstack[1]}\" = " + function + " ]; then " + function +
         " \"$@\"; else compdef " + function + " " + app.get_name() + "; fi\n";
}

}  // namespace holdfast::tools
