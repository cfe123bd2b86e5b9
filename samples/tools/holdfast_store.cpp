// holdfast_store: shows what the file of a store holds, and deletes messages from it.
#include <unistd.h>

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/store_file.hpp>
#include <holdfast/topic.hpp>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "refuse.hpp"
#include "reporting.hpp"

namespace {

using namespace holdfast;

struct StoreOptions {
  std::string file;
  bool json = false;
  std::optional<std::string> topic;
  bool yes = false;
};

struct Commands {
  CLI::App* list = nullptr;
  CLI::App* export_json = nullptr;
  CLI::App* purge = nullptr;
};

Commands add_options(CLI::App& app, StoreOptions& options) {
  tools::add_help_and_version(app);
  app.require_subcommand(0, 1);
  app.add_flag("--json", options.json, "Print the summary as one JSON object.");
  app.footer(
      "Without a command: a summary. The file is only read, and may be in use; purge needs it alone.\n"
      "A message is waiting, or in_flight (sent, or about to be, and not acknowledged), or released (QoS 2: "
      "the "
      "broker has taken it over, and the end of the handshake is missing).");
  const Commands commands{
      app.add_subcommand("list", "Print a line a message: sequence, state, QoS, payload's size, topic."),
      app.add_subcommand("export", "Print a JSON object a message and line, with payload and properties."),
      app.add_subcommand("purge", "Delete messages, once asked.")};
  app.add_option("FILE", options.file, "The store's file.");
  for (CLI::App* command : {commands.list, commands.export_json, commands.purge}) {
    command->add_option("FILE", options.file, "The store's file.");
    command->add_option("--topic", options.topic, "Only messages whose topic matches this filter.");
  }
  commands.purge->add_flag("--yes", options.yes, "Do not ask; needed where there is no terminal.");
  commands.purge->footer(
      "Where the broker may know a message (in_flight, or released), its packet identifier stays taken until "
      "the session ends: the message is not sent again, but may have arrived. No process may have the file.");
  return commands;
}

void check(const StoreOptions& options, bool any_command) {
  if (options.file.empty()) tools::refuse("FILE is missing: give the store's file");
  if (options.json && any_command) {
    tools::refuse("--json prints the summary: without a command (export prints JSON)");
  }
  if (options.topic && !is_valid_topic_filter(*options.topic)) {
    throw Error(Errc::invalid_topic_filter,
                "--topic \"" + *options.topic +
                    "\": not a topic filter: it must be UTF-8 and not empty, + must fill a level, "
                    "and # must be the last level");
  }
}

/// Gives each message that is meant to `use` until that returns false.
void visit(StoreFile& file, const StoreOptions& options,
           const std::function<bool(const PendingMessage&)>& use) {
  while (const auto message = file.next()) {
    if (options.topic && !topic_matches(*options.topic, message->topic)) continue;
    if (!use(*message)) return;
  }
}

// False when nobody reads any more.
bool print(const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF)
    return true;
  return !tools::reader_gone();
}

int end_output() {
  if (std::fflush(stdout) != 0) tools::reader_gone();
  return tools::exit_success;
}

std::string local_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

std::string described(const StoreSummary& summary) {
  if (!summary.session_held) return "none";
  if (summary.session_expiry == never_expires) return "held, never expires";
  return "held, expires " + std::to_string(summary.session_expiry.count()) + " s after the connection";
}

int summarise(const StoreOptions& options) {
  const StoreFile file(options.file);
  const StoreSummary& summary = file.summary();
  if (options.json) {
    print(tools::to_json_line(summary));
    return end_output();
  }
  const auto row = [](const char* name, const std::string& value) {
    std::string line(name);
    line.resize(18, ' ');
    print(tools::printable(line + value));
  };
  row("client id", summary.client_id.empty() ? "-" : summary.client_id);
  row("server", summary.server.empty() ? "-" : summary.server);
  row("session", described(summary));
  row("last connected", summary.last_connected ? local_time(*summary.last_connected) : "never");
  row("waiting", std::to_string(summary.waiting));
  row("in flight", std::to_string(summary.in_flight));
  row("released", std::to_string(summary.released));
  row("bytes", std::to_string(summary.bytes));
  row("inbound", std::to_string(summary.inbound));
  row("held identifiers", std::to_string(summary.held_identifiers));
  row("subscriptions", std::to_string(summary.subscriptions.size()));
  for (const auto& [filter, wish] : summary.subscriptions)
    row("", "QoS " + std::to_string(static_cast<int>(wish.qos)) + " " + filter);
  return end_output();
}

int list(const StoreOptions& options) {
  StoreFile file(options.file);
  visit(file, options, [](const PendingMessage& message) {
    std::array<char, 64> columns{};
    std::snprintf(columns.data(), columns.size(), "%8" PRIu64 " %-9s %d %9zu ", message.sequence,
                  std::string(tools::to_string(message.progress)).c_str(),
                  static_cast<int>(message.options.qos), message.payload.size());
    return print(columns.data() + tools::printable(message.topic));
  });
  return end_output();
}

int export_json(const StoreOptions& options) {
  StoreFile file(options.file);
  visit(file, options, [](const PendingMessage& message) { return print(tools::to_json_line(message)); });
  return end_output();
}

std::string messages(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " message" : " messages");
}

// What to ask before the purge; nothing if there is nothing to delete.
std::optional<std::string> question(const StoreOptions& options) {
  StoreFile file(options.file);
  std::size_t count = 0;
  visit(file, options, [&count](const PendingMessage&) { return ++count != 0; });
  if (count == 0) return std::nullopt;
  std::string text = "Delete " + messages(count);
  if (!file.summary().client_id.empty()) text += " of " + file.summary().client_id;
  if (options.topic) text += " on " + *options.topic;
  return text + " in " + options.file + "?";
}

// While it waits for the answer nobody is kept from the file.
bool confirmed(const StoreOptions& options) {
  const auto text = question(options);
  if (!text) return true;
  std::fprintf(stderr, "%s [y/N] ", tools::printable(*text).c_str());
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int purge(const StoreOptions& options) {
  if (!options.yes && ::isatty(STDIN_FILENO) == 0) {
    tools::refuse("purge: there is no terminal to ask on: give --yes to delete unasked");
  }
  if (!options.yes && !confirmed(options)) {
    tools::complain("holdfast_store", "nothing was deleted");
    return tools::exit_failure;
  }
  print("deleted " + messages(purge_store(options.file, options.topic)));
  return end_output();
}

int store_main(int argc, char** argv) {
  StoreOptions options;
  CLI::App app("Shows what the file of a store (--store of holdfast_pub and holdfast_sub) holds.",
               "holdfast_store");
  const Commands commands = add_options(app, options);
  if (const auto status = tools::parse(app, {argv + 1, argv + argc})) return *status;
  check(options, !app.get_subcommands().empty());
  if (commands.list->parsed()) return list(options);
  if (commands.export_json->parsed()) return export_json(options);
  if (commands.purge->parsed()) return purge(options);
  return summarise(options);
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::tools::run_tool("holdfast_store", store_main, argc, argv);
}
