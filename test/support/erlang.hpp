// What brokers written in Erlang need around them: a port mapper of their own, and a system user's rights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace holdfast::support {

/// epmd, which tells Erlang nodes each other's ports: our own, since the one that a node would start itself
/// outlives it, and since nodes of several tests must not meet.
class ErlangPortMapper {
 public:
  /// Starts it and waits until it answers. Throws std::runtime_error if it does not.
  explicit ErlangPortMapper(const std::filesystem::path& log);

  /// Variables that lead a node to it, as `env` takes them.
  [[nodiscard]] std::vector<std::string> environment() const;

 private:
  std::uint16_t port_;
  ChildProcess process_;
};

/// A command that runs `command` in `directory` with these variables ("NAME=value"), as `user` if we are root
/// (who else could?), and ends with the test even when the test is killed. It keeps its process id on the
/// way.
[[nodiscard]] std::vector<std::string> as_user(const std::string& user,
                                               const std::filesystem::path& directory,
                                               const std::vector<std::string>& environment,
                                               const std::vector<std::string>& command);

/// Makes the directory, with those that lead to it, and gives it to the user if we are root.
void make_directory_of(const std::string& user, const std::filesystem::path& directory);

/// Lets everybody look into a directory that is ours: a broker that runs as another user has to pass.
void open_to_all(const std::filesystem::path& directory);

[[nodiscard]] std::string content_of_log(const std::filesystem::path& file);

}  // namespace holdfast::support
