#include "client/trace.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include <holdfast/error.hpp>

#include "client/clock.hpp"
#include "client/trace_line.hpp"

namespace holdfast::client {

namespace {

// Of the fields and what they mean; a reader knows by it what it cannot read.
constexpr unsigned format = 1;
// So many bytes become lines before these are written: a megabyte of acknowledgements makes 30 of lines.
constexpr std::size_t piece = std::size_t{16} << 10;

[[noreturn]] void refuse(std::error_code why, const std::string& file, const std::string& what) {
  throw Error(why, "trace: \"" + file + "\" " + what);
}

net::FileDescriptor open_alone(const std::string& file) {
  // O_NONBLOCK: a pipe that nobody reads must not hold the program up.
  net::FileDescriptor opened(
      open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR));
  const std::error_code why(errno, std::generic_category());
  if (!opened)
    refuse(why, file,
           "cannot be opened for appending: " + why.message() + ": name a file that this process may write");
  struct stat status {};
  if (fstat(opened.get(), &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)))
    refuse(make_error_code(Errc::invalid_argument), file,
           "is no file that can be appended to (a pipe, perhaps): name a regular file");
  if (S_ISREG(status.st_mode) && flock(opened.get(), LOCK_EX | LOCK_NB) != 0)
    refuse(std::make_error_code(std::errc::device_or_resource_busy), file,
           "is being written by another client: name a file of its own for each");
  return opened;
}

// An earlier process may have been killed in the middle of its last line.
bool ends_within_line(int file) {
  const off_t size = lseek(file, 0, SEEK_END);
  char last = '\n';
  return size > 0 && pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

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

Trace::Trace(const std::string& file, std::size_t payload_max)
    : file_(open_alone(file)), received_("in", payload_max), sent_("out", payload_max) {
  if (ends_within_line(file_.get())) lines_ += '\n';
  TraceLine line(lines_, boot_time_now(), "trace");
  line.number("format", format).text("wall", wall_clock());
  line.number("process", static_cast<std::uint64_t>(getpid()));
}

void Trace::on_state(std::string_view state) {
  TraceLine(lines_, boot_time_now(), "state").text("state", state);
}

void Trace::on_attempt(std::string_view server, unsigned number) {
  TraceLine line(lines_, boot_time_now(), "connecting");
  line.text("wall", wall_clock()).text("server", server).number("attempt", number);
}

void Trace::on_connection(std::string_view server, Protocol protocol) {
  const bool has_properties = protocol == Protocol::mqtt_5;
  received_.reset(has_properties);
  sent_.reset(has_properties);
  TraceLine line(lines_, boot_time_now(), "connection");
  line.text("wall", wall_clock()).text("server", server).text("protocol", has_properties ? "5" : "3.1.1");
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
  TraceLine line(lines_, boot_time_now(), "disconnected");
  line.text("wall", wall_clock()).boolean("by_request", end == End::by_request).text("what", what);
  if (reason) line.number("reason", static_cast<std::uint64_t>(*reason));
}

void Trace::on_retry(std::chrono::milliseconds delay, std::string_view server) {
  TraceLine(lines_, boot_time_now(), "retry").duration("after", delay).text("server", server);
}

void Trace::on_timer(std::string_view timer) {
  TraceLine(lines_, boot_time_now(), "timer").text("timer", timer);
}

void Trace::on_commit(std::size_t records) {
  TraceLine(lines_, boot_time_now(), "commit").number("records", records);
}

void Trace::take_in_pieces(TracedStream& stream, std::span<const std::byte> bytes) {
  const session::TimePoint now = boot_time_now();
  while (!bytes.empty()) {
    const auto next = bytes.first(std::min(piece, bytes.size()));
    stream.feed(next, now, lines_);
    bytes = bytes.subspan(next.size());
    if (lines_.size() >= piece) write();
  }
}

void Trace::write() {
  std::string_view rest = lines_;
  while (!rest.empty() && !error_) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) error_ = std::error_code(errno, std::generic_category());
    if (written == 0) error_ = std::make_error_code(std::errc::io_error);
  }
  lines_.clear();
}

}  // namespace holdfast::client
