#include "client/trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "client/clock.hpp"
#include "client/trace_line.hpp"

namespace holdfast::client {

namespace {

// Of the fields and what they mean; a reader knows by it what it cannot read.
constexpr unsigned format = 1;
// So many bytes become lines at once: of the shortest packets they make half of TraceOutput::spare.
constexpr std::size_t piece = 512;
// A broker's reason may have 64 KiB.
constexpr std::size_t reason_max = 4096;
// From here on lines are written: they are no more than a few of these.
constexpr std::size_t lines_max = std::size_t{16} << 10;

// As ISO 8601 says, in UTC.
std::string wall_clock() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 48> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  std::snprintf(text.data() + size, text.size() - size, ".%06dZ", static_cast<int>(microseconds));
  return text.data();
}

}  // namespace

Trace::Trace(const std::string& file, std::size_t payload_max, std::uint64_t bytes_max)
    : output_(file, bytes_max), received_("in", payload_max), sent_("out", payload_max) {
  if (output_.ends_within_line()) lines_ += '\n';
  begin_file(Begin::anew, boot_time_now());
}

void Trace::begin_file(Begin how, session::TimePoint now) {
  TraceLine line(lines_, now, "trace");
  line.number("format", format).text("wall", wall_clock());
  line.number("process", static_cast<std::uint64_t>(getpid()));
  if (how == Begin::anew) return;
  line.boolean("continued", true).text("state", state_);
  if (!protocol_.empty()) line.text("server", server_).text("protocol", protocol_);
}

// Before each line, or some that change nothing of what a new file has to begin with.
void Trace::make_room(session::TimePoint now) {
  if (!output_.is_full(lines_.size())) return;
  write();
  output_.begin_next();
  begin_file(Begin::continued, now);
}

// The time of the next line, for which there is room then. A file that begins with it has the same: times do
// not go back.
session::TimePoint Trace::begin_line() {
  const session::TimePoint now = boot_time_now();
  make_room(now);
  return now;
}

void Trace::on_state(std::string_view state) {
  TraceLine(lines_, begin_line(), "state").text("state", state);
  state_ = state;
}

void Trace::on_attempt(std::string_view server, unsigned number) {
  TraceLine line(lines_, begin_line(), "connecting");
  line.text("wall", wall_clock()).text("server", server).number("attempt", number);
}

void Trace::on_connection(std::string_view server, Protocol protocol) {
  const session::TimePoint now = begin_line();
  const bool has_properties = protocol == Protocol::mqtt_5;
  server_ = server;
  protocol_ = has_properties ? "5" : "3.1.1";
  received_.reset(has_properties);
  sent_.reset(has_properties);
  TraceLine line(lines_, now, "connection");
  line.text("wall", wall_clock()).text("server", server).text("protocol", protocol_);
}

void Trace::on_received(std::span<const std::byte> bytes) {
  take_in_pieces(received_, bytes);
}

void Trace::on_sent(std::span<const std::span<const std::byte>> pieces, std::size_t written) {
  for (const auto& bytes : pieces) {
    const std::size_t taken = std::min(written, bytes.size());
    take_in_pieces(sent_, bytes.first(taken));
    written -= taken;
  }
}

void Trace::on_end(End end, std::string_view what, std::optional<ReasonCode> reason) {
  TraceLine line(lines_, begin_line(), "disconnected");
  line.text("wall", wall_clock())
      .boolean("by_request", end == End::by_request)
      .text("what", what.substr(0, reason_max));
  protocol_ = {};
  if (reason) line.number("reason", static_cast<std::uint64_t>(*reason));
}

void Trace::on_retry(std::chrono::milliseconds delay, std::string_view server) {
  TraceLine(lines_, begin_line(), "retry").duration("after", delay).text("server", server);
}

void Trace::on_timer(std::string_view timer) {
  TraceLine(lines_, begin_line(), "timer").text("timer", timer);
}

void Trace::on_commit(std::size_t records) {
  TraceLine(lines_, begin_line(), "commit").number("records", records);
}

void Trace::take_in_pieces(TracedStream& stream, std::span<const std::byte> bytes) {
  const session::TimePoint now = boot_time_now();
  while (!bytes.empty()) {
    make_room(now);
    const auto next = bytes.first(std::min(piece, bytes.size()));
    stream.feed(next, now, lines_);
    bytes = bytes.subspan(next.size());
    if (lines_.size() >= lines_max) write();
  }
}

void Trace::write() {
  output_.write(lines_);
  lines_.clear();
}

}  // namespace holdfast::client
