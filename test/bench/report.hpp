// What was measured, as medians, for people and for programs.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "bench/work.hpp"

namespace holdfast::bench {

/// The median over the rounds of one client in one scenario.
struct Figure {
  double messages_per_second = 0;
  double cpu_microseconds = 0;     ///< Per message, of the client's process.
  double commits_per_message = 0;  ///< Of the store, where there is one.
};

Figure median(const std::vector<Sample>& samples, std::uint32_t messages);

struct Row {
  std::string measurement;  ///< "publish" or "receive".
  int qos = 0;
  Figure holdfast;
  Figure libmosquitto;
  Figure sockets;

  /// How many times Holdfast is ahead of libmosquitto.
  [[nodiscard]] double speed_ratio() const {
    return holdfast.messages_per_second / libmosquitto.messages_per_second;
  }
  [[nodiscard]] double cpu_ratio() const { return libmosquitto.cpu_microseconds / holdfast.cpu_microseconds; }
};

void print_heading(std::ostream& out);
void print(std::ostream& out, const Row& row);
void print_json(std::ostream& out, const std::vector<Row>& rows);

/// Throws std::runtime_error if the file cannot be written.
void write_json(const std::string& path, const std::function<void(std::ostream&)>& print);

}  // namespace holdfast::bench
