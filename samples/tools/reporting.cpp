#include "reporting.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <variant>

#include "exit_code.hpp"
#include "json_output.hpp"

namespace holdfast::tools {

namespace {

std::optional<Error> final_error(const Event& event) {
  if (const auto* refused = std::get_if<Refused>(&event); refused != nullptr && refused->final) {
    return Error(Errc::connection_refused,
                 "the broker refused the connection: " + std::string(to_string(refused->reason_code)),
                 refused->reason_code, refused->reason_string);
  }
  if (const auto* taken = std::get_if<TakenOver>(&event); taken != nullptr && taken->final) {
    return Error(Errc::taken_over,
                 "another client keeps connecting with this client id: choose another with -i");
  }
  if (const auto* ended = std::get_if<Disconnected>(&event); ended && ended->error == Errc::store_failed) {
    return Error(Errc::store_failed, ended->what);
  }
  if (const auto* failed = std::get_if<SubscriptionFailed>(&event)) {
    return Error(
        Errc::request_refused,
        "subscribe \"" + failed->filter + "\": refused: " + std::string(to_string(failed->reason_code)),
        failed->reason_code, {});
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> take_events(Client& client, const ConnectionOptions& options) {
  std::optional<Error> error;
  while (const auto event = client.next_event(std::chrono::milliseconds(0))) {
    if (options.events) std::fprintf(stderr, "%s\n", to_json_line(*event).c_str());
    if (!error) error = final_error(*event);
  }
  return error;
}

void write_statistics(const Client& client, const ConnectionOptions& options) {
  if (options.statistics) std::fprintf(stderr, "%s\n", to_json_line(client.statistics()).c_str());
}

void complain(const std::string& tool, const std::string& what) {
  // An argument or a broker's reason string may have line breaks in it.
  std::string line;
  for (const char c : what) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (byte < 0x20 || byte == 0x7F) {
      line.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 0xF]);
    } else {
      line += c;
    }
  }
  std::fprintf(stderr, "%s: %s\n", tool.c_str(), line.c_str());
}

int run_tool(const std::string& tool, int (*tool_main)(int, char**), int argc, char** argv) {
  // A reader that has gone (`| head -1`) shows as a failed write, not as a signal.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return tool_main(argc, argv);
  } catch (const Error& error) {
    complain(tool, error.what());
    return exit_code_of(error);
  } catch (const std::exception& error) {
    complain(tool, error.what());
    return exit_failure;
  }
}

}  // namespace holdfast::tools
