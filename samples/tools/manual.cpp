#include "manual.hpp"

#include <algorithm>
#include <string_view>

#include "described_options.hpp"
#include "message_format.hpp"
#include "property_arguments.hpp"

namespace holdfast::tools {

namespace {

// Nothing in the text is to be taken for a request, a hyphen for a dash, or a quote for a typographic one.
std::string roff(std::string_view text) {
  std::string safe;
  if (!text.empty() && (text.front() == '.' || text.front() == '\'')) safe = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else if (c == '\'') {
      safe += "\\(aq";
    } else {
      safe += c == '\n' ? ' ' : c;
    }
  }
  return safe;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string paragraph_of(const CLI::Option& option) {
  std::string page = ".TP\n";
  std::string separator;
  for (const std::string& name : names_of(option)) {
    page += separator + "\\fB" + roff(name) + "\\fR";
    separator = ", ";
  }
  if (option.nonpositional()) {
    if (takes_value(option) && !option.get_type_name().empty())
      page += " \\fI" + roff(option.get_type_name()) + "\\fR";
  } else {
    page += "\\fI" + roff(option.get_name(true)) + "\\fR";
  }
  page += "\n" + roff(option.get_description());
  const std::string value = option.get_default_str();
  if (!value.empty()) page += " Default: " + roff(value) + ".";
  return page + "\n";
}

std::string paragraphs_of(const CLI::App& app) {
  std::string page;
  for (const CLI::Option* option : options_of(app))
    page += paragraph_of(*option);
  return page;
}

std::string notes_of(const CLI::App& app, std::string_view heading) {
  return app.get_footer().empty() ? "" : std::string(heading) + roff(app.get_footer()) + "\n";
}

// What holds for all tools that connect.
constexpr std::string_view of_clients =
    ".SH EXIT STATUS\n"
    "0 is success. 1 is a wrong option, a broker that cannot be reached, or output that cannot be written; 8 "
    "is TLS, 16 a proxy, and 27 a time that ran out. A refusal of the broker gives its reason code.\n";

bool has(const CLI::App& app, const char* option) {
  return app.get_option_no_throw(option) != nullptr;
}

std::string item(std::string_view head, std::string_view text) {
  return ".TP\n\\fB" + roff(head) + "\\fR\n" + roff(text) + "\n";
}

constexpr std::string_view widths =
    "Between the % and the letter of %A, %C, %E, %F, %I, %l, %m, %p, %R, %S, %t, %X and %x may stand: - to "
    "align to the left, 0 to fill what is no text with zeros, the least width, and for %C, %I, %R and %t a "
    "dot and the largest width: %-20.30t.";

std::string formats() {
  std::string page = ".SH FORMATS\nWhat stands for what in a format of \\fB\\-F\\fR:\n";
  for (const FormatPart& part : format_parts())
    page += item(part.text, part.meaning);
  return page + ".PP\n" + roff(widths) + "\n";
}

constexpr std::string_view about_properties =
    "FLAG is 0 or 1. A property of what the tool does not send counts for nothing, and the number of "
    "topic-alias never does: aliases are made by themselves.";

std::string properties() {
  std::string page = ".SH PROPERTIES\nWhat may follow \\fB\\-D\\fR, by its command:";
  std::string_view command;
  for (const KnownProperty& property : known_properties()) {
    page += property.command == command ? ",\n" : "\n.TP\n\\fB" + roff(property.command) + "\\fR\n";
    page += roff(property.name) + " \\fI" + roff(property.value) + "\\fR";
    command = property.command;
  }
  return page + "\n.PP\n" + roff(about_properties) + "\n";
}

std::string files(const std::string& tool) {
  const bool beside_mosquitto = tool != "holdfast_bench";  // Which mosquitto has nothing like.
  return ".SH FILES\n.TP\n\\fI$XDG_CONFIG_HOME/" + tool + "\\fR, \\fI~/.config/" + tool +
         "\\fR\nOptions that are always meant, one a line." +
         (beside_mosquitto ? " Without it the file of mosquitto\\(aqs tool counts.\n" : "\n");
}

}  // namespace

std::string manual_page_of(const CLI::App& app) {
  const std::string& name = app.get_name();
  std::string page = ".TH " + upper(name) + " 1 \"\" \"" + roff(app.version()) + "\" \"User Commands\"\n";
  page += ".nh\n";  // Names are not to be divided.
  page += ".SH NAME\n" + name + " \\- " + roff(app.get_description()) + "\n";
  page += ".SH SYNOPSIS\n.B " + name + "\n[\\fIOPTIONS\\fR]";
  page += commands_of(app).empty() ? "\n" : " [\\fICOMMAND\\fR]\n";
  page += ".SH DESCRIPTION\n" + roff(app.get_description()) + "\n";
  page += ".SH OPTIONS\n" + paragraphs_of(app);
  for (const CLI::App* command : commands_of(app)) {
    page += ".SH COMMAND " + upper(command->get_name()) + "\n.PP\n" + roff(command->get_description()) + "\n";
    page += paragraphs_of(*command);
    page += notes_of(*command, ".PP\n");
  }
  page += notes_of(app, ".SH NOTES\n");
  if (has(app, "--format")) page += formats();
  if (has(app, "--property")) page += properties();
  if (has(app, "--host")) page += std::string(of_clients) + files(name);
  return page;
}

}  // namespace holdfast::tools
