// A command-line program of ours as a user sees it: arguments, stdin, stdout, stderr, signals, exit status.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/descriptor.hpp"
#include "support/eventually.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::support {

using Arguments = std::vector<std::string>;

/// The words between the blanks.
[[nodiscard]] Arguments split(const std::string& words);
/// One list, then the other.
[[nodiscard]] Arguments both(Arguments first, const Arguments& second);

/// How long a test waits for a program: it has to start, and sanitizers make that slow.
inline constexpr std::chrono::milliseconds program_patience = 3 * patience;

/// What a run that has ended left behind.
struct Outcome {
  int status = -1;  ///< As of ChildProcess::wait().
  std::string output;
  std::string errors;
};

/// Reading end and writing end.
[[nodiscard]] std::pair<Descriptor, Descriptor> make_pipe();

/// One run of a program. It is killed with the object.
class Program {
 public:
  enum class Output : std::uint8_t {
    kept,    ///< output() has it.
    unread,  ///< A pipe that nobody reads any more.
    full,    ///< A disk that has no room left.
  };

  /// A program whose stdin is what give() writes.
  explicit Program(const Arguments& command, Output output = Output::kept);
  /// A program whose stdin is `input` and no more.
  Program(const Arguments& command, std::string_view input);

  /// Writes to its stdin. Throws std::runtime_error if it does not read for long.
  void give(std::string_view text);
  void end_input() { input_.close(); }
  void signal(int number) { process_->signal(number); }
  [[nodiscard]] bool running() { return process_->running(); }
  /// Whether its main thread waits for something.
  [[nodiscard]] bool asleep() const;

  /// What it wrote so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;
  /// Waits until it has written as much to stdout; whether it is that text.
  [[nodiscard]] bool wait_for_output(const std::string& text);

  /// Waits for its end. Throws std::runtime_error, with its stderr, if it does not come.
  Outcome wait();

 private:
  void start(const Arguments& command, const Descriptor& input, Output output);

  TemporaryDirectory directory_;
  Descriptor input_;
  std::unique_ptr<ChildProcess> process_;
};

/// Runs a program to its end.
[[nodiscard]] Outcome run(const Arguments& command, std::string_view input = "");

// ---- The programs ----

/// The command line of a tool for the broker on that port.
[[nodiscard]] Arguments pub(std::uint16_t port, const Arguments& arguments);
[[nodiscard]] Arguments sub(std::uint16_t port, const Arguments& arguments);

/// holdfast_sub against mosquitto, its subscriptions made.
class Subscriber : public Program {
 public:
  Subscriber(const Mosquitto& mosquitto, const Arguments& arguments, Output output = Output::kept);

 private:
  Subscriber(const Mosquitto& mosquitto, const Arguments& arguments, Output output, std::size_t answered);
};

// ---- What they write ----

/// The options that --help names, each with all of its flags.
[[nodiscard]] std::vector<std::set<std::string>> options_of(const char* program);
/// All of these flags.
[[nodiscard]] std::set<std::string> flags_of(const char* program);

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);
[[nodiscard]] std::string content_of(const std::filesystem::path& file);
/// How often `part` stands in `text`.
[[nodiscard]] std::size_t count_of(std::string_view part, std::string_view text);
/// Each line as the JSON it is. Throws nlohmann's exception for one that is none.
[[nodiscard]] std::vector<nlohmann::json> json_lines(const std::string& text);

/// Empty if stderr is one whole line of that program which has all the words in it; else what is wrong.
[[nodiscard]] std::string fault_in(const std::string& errors, const std::string& program,
                                   const std::vector<std::string>& words);

}  // namespace holdfast::support
