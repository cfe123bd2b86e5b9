// What both tools tell on stderr while they run.
#pragma once

#include <optional>
#include <string>

#include <holdfast/client.hpp>

#include "connection_options.hpp"

namespace holdfast::tools {

/// Takes all events that wait and, if asked for, writes them. The error to end with, if the client will not
/// try again.
[[nodiscard]] std::optional<Error> take_events(Client& client, const ConnectionOptions& options);
void write_statistics(const Client& client, const ConnectionOptions& options);
/// One line on stderr, control characters as \xNN.
void complain(const std::string& tool, const std::string& what);
/// Runs a tool: what it throws is said in one line and becomes the exit status.
[[nodiscard]] int run_tool(const std::string& tool, int (*tool_main)(int, char**), int argc, char** argv);

}  // namespace holdfast::tools
