// What the tools tell on stderr while they run, and how they end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <holdfast/client.hpp>

#include "connection_options.hpp"

namespace holdfast::tools {

/// Takes all events that wait and, if asked for, writes them. The error to end with, if the client will not
/// try again.
[[nodiscard]] std::optional<Error> take_events(Client& client, const ConnectionOptions& options);
/// The same for what is no event of the client's: a line of JSON.
void write_event(const std::string& line, const ConnectionOptions& options);

/// Writes what --events and --stats still ask for, however a tool ends: by say(), or else when it goes.
class LastWords {
 public:
  LastWords(Client& client, const ConnectionOptions& options) : client_(client), options_(options) {}
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
  void say();

 private:
  Client& client_;
  const ConnectionOptions& options_;
  bool said_ = false;
};

/// The text with control characters as \xNN: for a line that a terminal may show.
[[nodiscard]] std::string printable(std::string_view text);
/// From now on complain() says nothing, and only the exit status tells.
void be_quiet();
/// One line on stderr, made printable.
void complain(const std::string& tool, const std::string& what);
/// After a failed write to stdout. A reader that has gone (`| head -1`) has what it wanted: true. Anything
/// else is a loss, and thrown as std::system_error.
bool reader_gone();
/// Runs a tool: what it throws is said in one line and becomes the exit status.
[[nodiscard]] int run_tool(const std::string& tool, int (*tool_main)(int, char**), int argc, char** argv);

}  // namespace holdfast::tools
