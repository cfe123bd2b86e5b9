// The trace of one client: what Options::trace asks for, as lines of JSON in a file. Network thread only.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "client/traced_stream.hpp"
#include "net/file_descriptor.hpp"
#include "session/time.hpp"

namespace holdfast::client {

class Trace {
 public:
  /// Appends to `file`, which only its owner may read if it is new. Throws Error if it cannot be opened.
  explicit Trace(const std::string& file);

  /// A new connection begins.
  void on_connected();
  void on_received(std::span<const std::byte> bytes, session::TimePoint now);
  /// The first `written` bytes of `pieces` have left.
  void on_sent(std::span<const std::span<const std::byte>> pieces, std::size_t written,
               session::TimePoint now);
  void on_state(std::string_view state, session::TimePoint now);
  void on_commit(std::size_t records, session::TimePoint now);

  /// Writes the lines that came since the last call. False if that failed: then the trace is of no more use.
  [[nodiscard]] bool write();

 private:
  net::FileDescriptor file_;
  TracedStream received_{"in"};
  TracedStream sent_{"out"};
  std::string lines_;
};

}  // namespace holdfast::client
