#include "tool_under_test.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::support {
namespace {

Descriptor open_file(const std::filesystem::path& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!file) throw std::system_error(errno, std::generic_category(), path.string());
  return file;
}

/// The configuration files of whoever runs the tests are none of a test's business.
Arguments without_configuration_files(const Arguments& command) {
  static const TemporaryDirectory empty;
  return both({"/usr/bin/env", "XDG_CONFIG_HOME=" + empty.path().string()}, command);
}

Arguments command_line(const char* program, std::uint16_t port, const Arguments& arguments) {
  return both({program, "-h", "127.0.0.1", "-p", std::to_string(port)}, arguments);
}

}  // namespace

Arguments split(const std::string& words) {
  std::istringstream stream(words);
  return {std::istream_iterator<std::string>(stream), {}};
}

Arguments both(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Program::Program(const Arguments& command, Output output) {
  auto [reading, writing] = make_pipe();
  ::fcntl(writing.get(), F_SETFL, O_NONBLOCK);
  input_ = std::move(writing);
  start(command, reading, output);
}

Program::Program(const Arguments& command, std::string_view input) {
  const std::filesystem::path file = directory_.path() / "input";
  std::ofstream(file, std::ios::binary) << input;
  start(command, open_file(file, O_RDONLY), Output::kept);
}

void Program::start(const Arguments& command, const Descriptor& input, Output output) {
  const auto file = [this](const char* name) {
    return open_file(directory_.path() / name, O_WRONLY | O_CREAT | O_APPEND);
  };
  const Descriptor to = output == Output::kept   ? file("output")
                        : output == Output::full ? open_file("/dev/full", O_WRONLY)
                                                 : make_pipe().second;
  const Descriptor errors = file("errors");
  process_ = std::make_unique<ChildProcess>(
      without_configuration_files(command),
      ChildProcess::Streams{.input = input.get(), .output = to.get(), .errors = errors.get()});
}

void Program::give(std::string_view text) {
  // Where the program has gone, a write shall fail and not end the test.
  ::signal(SIGPIPE, SIG_IGN);
  while (!text.empty()) {
    pollfd writable{input_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(program_patience.count())) != 1) {
      throw std::runtime_error("the program does not read its stdin; it says: " + errors());
    }
    const ssize_t count = ::write(input_.get(), text.data(), text.size());
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      throw std::runtime_error("the program has closed its stdin; it says: " + errors());
    }
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string Program::output() const {
  return content_of(directory_.path() / "output");
}

std::string Program::errors() const {
  return content_of(directory_.path() / "errors");
}

bool Program::asleep() const {
  const std::string status = content_of("/proc/" + std::to_string(process_->pid()) + "/status");
  return status.find("\nState:\tS") != std::string::npos;
}

bool Program::wait_for_output(const std::string& text) {
  (void)eventually([&] { return !running() || output().size() >= text.size(); }, program_patience);
  return output() == text;
}

Outcome Program::wait() {
  const auto status = process_->wait(program_patience);
  if (!status) throw std::runtime_error("the program does not end; it says: " + errors());
  return {*status, output(), errors()};
}

Outcome run(const Arguments& command, std::string_view input) {
  return Program(command, input).wait();
}

Arguments pub(std::uint16_t port, const Arguments& arguments) {
  return command_line(HOLDFAST_PUB, port, arguments);
}

Arguments sub(std::uint16_t port, const Arguments& arguments) {
  return command_line(HOLDFAST_SUB, port, arguments);
}

Subscriber::Subscriber(const Mosquitto& mosquitto, const Arguments& arguments, Output output)
    : Subscriber(mosquitto, arguments, output, count_of("Sending SUBACK to ", mosquitto.log())) {}

Subscriber::Subscriber(const Mosquitto& mosquitto, const Arguments& arguments, Output output,
                       std::size_t answered)
    : Program(sub(mosquitto.port(), arguments), output) {
  const auto subscribed = [&] { return count_of("Sending SUBACK to ", mosquitto.log()) > answered; };
  if (!eventually([&] { return subscribed() || !running(); }, program_patience) || !subscribed()) {
    throw std::runtime_error("holdfast_sub does not subscribe; it says: " + errors());
  }
}

std::vector<std::set<std::string>> options_of(const char* program) {
  const Outcome outcome = run({program, "--help"});
  CHECK(outcome.errors == "");
  std::vector<std::set<std::string>> options;
  for (const std::string& line : lines_of(outcome.output)) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos || line[begin] != '-') continue;
    const std::string names = line.substr(begin, line.find(' ', begin) - begin);
    std::set<std::string>& flags = options.emplace_back();
    for (std::size_t at = 0; at < names.size();) {
      const std::size_t comma = std::min(names.find(',', at), names.size());
      flags.insert(names.substr(at, comma - at));
      at = comma + 1;
    }
  }
  return options;
}

std::set<std::string> flags_of(const char* program) {
  std::set<std::string> flags;
  for (const auto& option : options_of(program))
    flags.insert(option.begin(), option.end());
  return flags;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::size_t count_of(std::string_view part, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  for (const std::string& line : lines_of(text))
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string fault_in(const std::string& errors, const std::string& program,
                     const std::vector<std::string>& words) {
  if (errors.rfind(program + ": ", 0) != 0) return "does not begin with the program's name: " + errors;
  if (errors.find('\n') != errors.size() - 1) return "not one whole line: " + errors;
  for (const std::string& word : words) {
    if (errors.find(word) == std::string::npos) return "says nothing of \"" + word + "\": " + errors;
  }
  return "";
}

}  // namespace holdfast::support
