// The file that Options::trace writes, line by line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "json_output.hpp"
#include "packet_fields.hpp"

namespace holdfast::tools {

struct TraceEntry {
  std::size_t line = 0;      ///< Its number in the file, from 1.
  std::string unreadable;    ///< Why the line could not be read; then nothing below is set.
  std::uint64_t time = 0;    ///< Microseconds of the client's clock.
  std::string event;         ///< "packet", "state", ...
  Json json = {};            ///< All of the line.
  TracedPacket packet = {};  ///< Of a packet.
  bool from_client = false;  ///< Of a packet.

  /// The text of that name; empty if there is none.
  [[nodiscard]] std::string text(const char* name) const;
  /// The number of that name; nothing if there is none.
  [[nodiscard]] std::optional<std::uint64_t> number(const char* name) const;
  /// Of the end of a connection: the application wanted it.
  [[nodiscard]] bool asked_for() const { return json.value("by_request", Json()) == true; }
};

/// Nothing in the text is trusted: what is not what it should be is an entry that says so.
[[nodiscard]] TraceEntry read_line(const std::string& text, std::size_t number);

/// Reads the lines that are not empty.
class TraceFile {
 public:
  /// Throws Error if the file cannot be read.
  explicit TraceFile(const std::string& name);

  /// The next line; nothing at the end. Throws Error for a file that cannot be read on, or is no trace.
  [[nodiscard]] std::optional<TraceEntry> next();

 private:
  const std::string name_;
  std::ifstream stream_;
  std::size_t line_ = 0;
  bool any_readable_ = false;
};

}  // namespace holdfast::tools
