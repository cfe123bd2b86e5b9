// Work done in a process of its own, so that its CPU time is its own.
#pragma once

#include <sys/types.h>

#include <functional>

#include "bench/work.hpp"

namespace holdfast::bench {

/// Runs `work` in a child process and returns what it measured. Throws std::runtime_error if the child
/// failed, having said why on stderr, or did not finish.
Sample measure_in_child(const std::function<Sample()>& work);

/// A process that serves until this object ends.
class Server {
 public:
  explicit Server(const std::function<void()>& serve);
  ~Server();
  /// It reads and answers nothing more.
  void pause() const;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  pid_t pid_;
};

}  // namespace holdfast::bench
