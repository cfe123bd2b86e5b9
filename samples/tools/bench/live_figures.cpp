#include "live_figures.hpp"

#include <cmath>
#include <cstdio>

#include "bench_report.hpp"
#include "number_text.hpp"
#include "reporting.hpp"
#include "terminal.hpp"

namespace holdfast::tools {

namespace {

constexpr auto between_lines = std::chrono::seconds(1);

std::uint64_t per_second(std::uint64_t count, double seconds) {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(count) / seconds));
}

std::string milliseconds(std::chrono::nanoseconds time) {
  std::string text = std::to_string(static_cast<double>(time.count()) / 1e6);
  return text.substr(0, text.find('.') + 3) + " ms";
}

}  // namespace

LiveFigures::Counted::Counted(const Measurements& figures)
    : published(figures.published),
      acknowledged(figures.acknowledged),
      received(figures.received),
      acknowledging(figures.acknowledging.counts()),
      end_to_end(figures.end_to_end.counts()) {}

LiveFigures::LiveFigures(const BenchOptions& options, const Measurements& figures)
    : options_(options),
      figures_(figures),
      on_terminal_(!options.connection.without_progress() && errors_on_terminal()),
      before_(figures) {}

void LiveFigures::tick() {
  const auto now = Clock::now();
  if ((!on_terminal_ && !options_.json_lines) || now < last_ + between_lines) return;
  Counted counted(figures_);
  show(counted, std::chrono::duration<double>(now - last_).count());
  before_ = std::move(counted);
  last_ = now;
}

void LiveFigures::clear() {
  if (written_) std::fputs(take_line_back, stderr);
  written_ = false;
}

void LiveFigures::show(const Counted& counted, double seconds) {
  if (on_terminal_) {
    std::fprintf(stderr, "%s%s", take_line_back, line_of(counted, seconds).c_str());
    written_ = true;
  }
  if (!options_.json_lines) return;
  // A reader that has gone shows at the result's line again.
  std::printf("%s\n", json_of(counted, seconds).c_str());
  std::fflush(stdout);
}

std::string LiveFigures::line_of(const Counted& counted, double seconds) const {
  std::string line =
      with_commas(figures_.connected) + " of " + with_commas(options_.clients()) + " connected";
  if (options_.publishers != 0) {
    line += ", " + with_commas(per_second(counted.published - before_.published, seconds)) +
            "/s published, " + with_commas(unfinished(figures_)) + " unfinished";
  }
  if (options_.subscribers != 0)
    line += ", " + with_commas(per_second(counted.received - before_.received, seconds)) + "/s received";
  const LatencyCounts latency = counted.end_to_end.since(before_.end_to_end);
  if (latency.count() != 0) {
    line += ", p50 " + milliseconds(latency.quantile(0.5)) + ", p99 " + milliseconds(latency.quantile(0.99));
  }
  if (figures_.connections_lost != 0)
    line += ", " + with_commas(figures_.connections_lost) + " connections lost";
  return line;
}

std::string LiveFigures::json_of(const Counted& counted, double seconds) const {
  const Json json{{"second", std::llround(std::chrono::duration<double>(Clock::now() - start_).count())},
                  {"connected", figures_.connected.load()},
                  {"connections_lost", figures_.connections_lost.load()},
                  {"published", per_second(counted.published - before_.published, seconds)},
                  {"acknowledged", per_second(counted.acknowledged - before_.acknowledged, seconds)},
                  {"unfinished", unfinished(figures_)},
                  {"received", per_second(counted.received - before_.received, seconds)},
                  {"acknowledged_ms", to_json(counted.acknowledging.since(before_.acknowledging), false)},
                  {"end_to_end_ms", to_json(counted.end_to_end.since(before_.end_to_end), false)}};
  return dump(json);
}

}  // namespace holdfast::tools
