#include "message_output.hpp"

#include <cstdio>

#include "json_output.hpp"
#include "message_format.hpp"
#include "refuse.hpp"

namespace holdfast::tools {

void MessageOutput::add_to(CLI::App& app) {
  app.add_flag("-v,--verbose", verbose, "Print the topic before the payload.");
  app.add_flag("-N", no_newline, "No line break after the payload.");
  app.add_option("-F,--format", format,
                 "Format of the output: what stands for what is in the manual page, under FORMATS.");
  app.add_flag("--json", json, "Print a JSON object a message and line.");
  app.add_flag("--hex", hexadecimal, "With --json: binary payloads as hexadecimal digits, not as base64.");
  app.add_flag("--pretty", pretty, "JSON over several lines, indented: --json, and %j and %J of -F.");
}

void MessageOutput::check() const {
  if (json && format) refuse("--json and -F exclude each other: give one");
  if (json && verbose) refuse("-v does not go with --json, which has the topic in it");
  if (hexadecimal && !json) refuse("--hex goes with --json: give both");
  if (format) check_format(*format);
}

bool MessageOutput::print(const Message& message) const {
  std::string line;
  if (json) {
    line = to_json(message, hexadecimal ? Binary::hexadecimal : Binary::base64, pretty);
  } else if (format) {
    line = format_message(*format, message, Arrival::now(), pretty);
  } else if (!message.payload().empty()) {
    if (verbose) line.append(message.topic()).append(" ");
    line.append(message.payload());
  } else {  // As mosquitto_sub: nothing at all, or a word for it.
    if (!verbose || no_newline) return true;
    line.append(message.topic()).append(" (null)");
  }
  if (!no_newline) line += '\n';
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size();
}

}  // namespace holdfast::tools
