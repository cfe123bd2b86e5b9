#include "reporting.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>
#include <variant>

#include "exit_code.hpp"
#include "json_output.hpp"

namespace holdfast::tools {

namespace {

// A failure is told where the options are gone, at the end of main().
bool quiet = false;

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

// Whoever starts a tool may have closed them. The connection would be given their numbers then, and what is
// printed go to the broker; this way reading and writing them go on to fail.
void occupy_closed_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    static_cast<void>(
        ::open("/", O_PATH | O_DIRECTORY));  // Neither that nor /dev/stdin can be read or written.
  }
}

}  // namespace

std::optional<Error> take_events(Client& client, const ConnectionOptions& options) {
  std::optional<Error> error;
  while (const auto event = client.next_event(std::chrono::milliseconds(0))) {
    write_event(to_json_line(*event), options);
    if (!error) error = final_error(*event);
  }
  return error;
}

void write_event(const std::string& line, const ConnectionOptions& options) {
  if (options.events) std::fprintf(stderr, "%s\n", line.c_str());
}

std::string printable(std::string_view text) {
  std::string line;
  const auto byte_at = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : std::size_t{0};
  };
  const auto escape = [&line](std::size_t byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    line.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 0xF]);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t byte = byte_at(i);
    if (byte == 0xC2 && byte_at(i + 1) >= 0x80 && byte_at(i + 1) < 0xA0) {  // U+0080 to U+009F, in UTF-8.
      escape(byte);
      escape(byte_at(++i));
    } else if (byte < 0x20 || byte == 0x7F) {
      escape(byte);
    } else {
      line += text[i];
    }
  }
  return line;
}

void be_quiet() {
  quiet = true;
}

void complain(const std::string& tool, const std::string& what) {
  if (quiet) return;
  std::fprintf(stderr, "%s: %s\n", tool.c_str(), printable(what).c_str());
}

bool reader_gone() {
  if (errno == EPIPE) return true;
  throw std::system_error(errno, std::generic_category(), "writing to stdout");
}

LastWords::~LastWords() {
  try {
    say();
  } catch (const std::exception&) {  // What has gone wrong already is said.
  }
}

void LastWords::say() {
  if (std::exchange(said_, true)) return;
  static_cast<void>(take_events(client_, options_));
  if (options_.statistics) std::fprintf(stderr, "%s\n", to_json_line(client_.statistics()).c_str());
}

int run_tool(const std::string& tool, int (*tool_main)(int, char**), int argc, char** argv) {
  occupy_closed_standard_descriptors();
  // A reader that has gone (`| head -1`) shows as a failed write, not as a signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A file as large as it may be (ulimit -f), likewise.
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
