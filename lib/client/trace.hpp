// The trace of one client: what Options::trace asks for, as lines of JSON in a file. Network thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

#include "client/trace_output.hpp"
#include "client/traced_stream.hpp"
#include "session/time.hpp"

namespace holdfast::client {

/// Each line has the time of the call that makes it, so lines are in the order of their times.
class Trace {
 public:
  /// Appends to `file`, which only its owner may read if it is new, and which is this client's alone. Throws
  /// Error if it cannot be had. A file that would become larger than `bytes_max` gives its name to a new one
  /// (0: never).
  Trace(const std::string& file, std::size_t payload_max, std::uint64_t bytes_max);

  /// `state` is a literal.
  void on_state(std::string_view state);
  void on_attempt(std::string_view server, unsigned number);
  void on_connection(std::string_view server, Protocol protocol);
  void on_received(std::span<const std::byte> bytes);
  /// The first `written` bytes of `pieces` have left.
  void on_sent(std::span<const std::span<const std::byte>> pieces, std::size_t written);
  enum class End : std::uint8_t { lost, by_request };
  /// An attempt or a connection is over.
  void on_end(End end, std::string_view what, std::optional<ReasonCode> reason = std::nullopt);
  void on_retry(std::chrono::milliseconds delay, std::string_view server);
  void on_timer(std::string_view timer);
  void on_commit(std::size_t records);

  /// Writes the lines that came since the last call.
  void write();
  /// Why a line could not be written: then the trace is of no more use.
  [[nodiscard]] std::error_code error() const noexcept { return output_.error(); }

 private:
  enum class Begin : std::uint8_t { anew, continued };

  void begin_file(Begin how, session::TimePoint now);
  void make_room(session::TimePoint now);
  [[nodiscard]] session::TimePoint begin_line();
  void take_in_pieces(TracedStream& stream, std::span<const std::byte> bytes);

  TraceOutput output_;
  TracedStream received_;
  TracedStream sent_;
  std::string lines_;
  // What a reader of the next file alone has to know.
  std::string_view state_;
  std::string server_;
  std::string_view protocol_;  // Empty: there is no connection.
};

}  // namespace holdfast::client
