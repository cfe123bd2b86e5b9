// Threads that are waited for, however the function ends that started them.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <holdfast/error.hpp>

#include "refuse.hpp"

namespace holdfast::tools {

class ThreadGroup {
 public:
  ThreadGroup() = default;
  ~ThreadGroup() { join(); }
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  /// Throws Error (Errc::invalid_argument) where the system allows no more threads.
  template <class Work>
  void start(Work work) {
    try {
      threads_.emplace_back(std::move(work));
    } catch (const std::system_error& error) {
      refuse("thread " + std::to_string(threads_.size() + 1) + " of one for each client: " + error.what() +
             ": raise the limit (ulimit -u, TasksMax= of systemd), or use fewer clients");
    }
  }
  void join() {
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace holdfast::tools
