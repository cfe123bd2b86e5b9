#include "client/trace.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <system_error>

#include <holdfast/error.hpp>

namespace holdfast::client {

namespace {

double seconds(session::TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

Trace::Trace(const std::string& file)
    : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
  if (file_) return;
  const std::error_code why(errno, std::generic_category());
  throw Error(why, "trace: \"" + file + "\" cannot be opened for appending: " + why.message() +
                       ": name a file that this process may write");
}

void Trace::on_connected() {
  received_.reset();
  sent_.reset();
}

void Trace::on_received(std::span<const std::byte> bytes, session::TimePoint now) {
  received_.feed(bytes, now, lines_);
}

void Trace::on_sent(std::span<const std::span<const std::byte>> pieces, std::size_t written,
                    session::TimePoint now) {
  for (const auto& piece : pieces) {
    const std::size_t taken = std::min(written, piece.size());
    sent_.feed(piece.first(taken), now, lines_);
    written -= taken;
  }
}

void Trace::on_state(std::string_view state, session::TimePoint now) {
  fmt::format_to(std::back_inserter(lines_), "{{\"t\":{:.6f},\"event\":\"state\",\"state\":\"{}\"}}\n",
                 seconds(now), state);
}

void Trace::on_commit(std::size_t records, session::TimePoint now) {
  fmt::format_to(std::back_inserter(lines_), "{{\"t\":{:.6f},\"event\":\"commit\",\"records\":{}}}\n",
                 seconds(now), records);
}

bool Trace::write() {
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  lines_.clear();
  return true;
}

}  // namespace holdfast::client
