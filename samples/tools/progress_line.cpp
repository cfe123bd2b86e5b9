#include "progress_line.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "number_text.hpp"
#include "terminal.hpp"

namespace holdfast::tools {

namespace {

constexpr auto between_lines = std::chrono::milliseconds(250);

// QoS 0 is finished when it is written.
std::uint64_t finished_of(const Statistics& statistics) {
  const std::uint64_t open = statistics.outbox_messages + statistics.failed;
  return statistics.published > open ? statistics.published - open : 0;
}

}  // namespace

std::string describe_progress(const Statistics& statistics, double rate) {
  const std::uint64_t reconnects = statistics.connects - std::min<std::uint64_t>(statistics.connects, 1);
  return with_commas(static_cast<std::uint64_t>(std::llround(rate))) + "/s, " +
         with_commas(finished_of(statistics)) + " acknowledged, " + with_commas(statistics.outbox_messages) +
         " pending, " + with_commas(reconnects) + (reconnects == 1 ? " reconnect" : " reconnects") +
         (statistics.failed == 0 ? "" : ", " + with_commas(statistics.failed) + " failed") +
         (statistics.connected ? "" : ", not connected");
}

void ProgressLine::tick() {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  const Statistics statistics = client_.statistics();
  const std::uint64_t finished = finished_of(statistics);
  const auto since = static_cast<double>(finished - std::min(finished, finished_));
  const double seconds = std::chrono::duration<double>(now - last_).count();
  std::fprintf(stderr, "%s%s", take_line_back, describe_progress(statistics, since / seconds).c_str());
  written_ = true;
  finished_ = finished;
  last_ = now;
  next_ = now + between_lines;
}

void ProgressLine::clear() {
  if (written_) std::fputs(take_line_back, stderr);
  written_ = false;
}

}  // namespace holdfast::tools
