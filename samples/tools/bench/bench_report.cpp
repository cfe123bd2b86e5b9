#include "bench_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "number_text.hpp"

namespace holdfast::tools {

namespace {

struct Quantile {
  const char* name;
  double share;
};
constexpr std::array<Quantile, 5> quantiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}}};

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

// Microseconds are all that the last digit means.
double rounded(double number) {
  return std::round(number * 1e3) / 1e3;
}

double rate(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string whole(double number) {
  return with_commas(static_cast<std::uint64_t>(std::llround(number)));
}

std::string decimals(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string padded(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string row(const std::string& name, const LatencyCounts& counts) {
  if (counts.count() == 0) return "";
  std::string line = name + std::string(16 - std::min<std::size_t>(16, name.size()), ' ');
  for (const auto& quantile : quantiles)
    line += padded(decimals(milliseconds(counts.quantile(quantile.share)), 3), 12);
  return line + "\n";
}

// Each bar is twice as long a time as the one before.
std::string bars(const std::string& name, const LatencyCounts& counts) {
  if (counts.count() == 0) return "";
  std::string text = "\n" + name + "\n";
  const auto buckets = counts.buckets();
  std::int64_t up_to = 1'000;
  while (up_to < buckets.front().up_to.count())
    up_to *= 2;
  for (auto bucket = buckets.begin(); bucket != buckets.end(); up_to *= 2) {
    std::uint64_t count = 0;
    for (; bucket != buckets.end() && bucket->up_to.count() <= up_to; ++bucket)
      count += bucket->count;
    const double share = static_cast<double>(count) / static_cast<double>(counts.count());
    text += padded("<= " + decimals(static_cast<double>(up_to) / 1e6, 3) + " ms", 18) +
            padded(with_commas(count), 14) + "  " +
            std::string(static_cast<std::size_t>(std::ceil(share * 40)), '#') + "\n";
  }
  return text;
}

std::string connections_line(const RunOutcome& outcome, const BenchOptions& options,
                             const Measurements& figures) {
  std::string line = "connected       " + with_commas(figures.connected) + " of " +
                     with_commas(options.clients()) + " clients in " +
                     decimals(outcome.connecting_seconds, 2) + " s (" +
                     whole(rate(figures.connected, outcome.connecting_seconds)) + "/s)";
  const std::uint64_t lost = figures.connections_lost;
  if (lost != 0) line += ", " + with_commas(lost) + (lost == 1 ? " connection" : " connections") + " lost";
  return line + "\n";
}

std::string published_line(const RunOutcome& outcome, const BenchOptions& options,
                           const Measurements& figures) {
  return "published       " + with_commas(figures.published) + " in " +
         decimals(outcome.publishing_seconds, 2) + " s (" +
         whole(rate(figures.published, outcome.publishing_seconds)) + "/s, " +
         decimals(rate(figures.published_bytes, outcome.publishing_seconds) / 1e6, 2) + " MB/s), " +
         with_commas(figures.acknowledged) +
         (options.connection.qos == 0 ? " written, " : " acknowledged, ") + with_commas(figures.failed) +
         " failed, " + with_commas(unfinished(figures)) + " unfinished\n";
}

std::string received_line(const RunOutcome& outcome, const BenchOptions& options,
                          const Measurements& figures) {
  std::string line = "received        " + with_commas(figures.received);
  if (options.publishers != 0) line += " of " + with_commas(outcome.expected);
  line += " (" + whole(rate(figures.received, outcome.receiving_seconds)) + "/s, " +
          decimals(rate(figures.received_bytes, outcome.receiving_seconds) / 1e6, 2) + " MB/s), " +
          with_commas(outcome.lost) + " lost, " + with_commas(figures.duplicates) + " duplicates, " +
          with_commas(figures.out_of_order) + " out of order";
  if (figures.foreign != 0) line += ", " + with_commas(figures.foreign) + " of others";
  if (figures.from_ahead != 0)
    line += ", " + with_commas(figures.from_ahead) + " of a clock that is ahead (not in the latencies)";
  return line + "\n";
}

Json run_of(const RunOutcome& outcome, const BenchOptions& options) {
  return {{"publishers", options.publishers},
          {"subscribers", options.subscribers},
          {"idle", options.idle},
          {"topic", options.topic},
          {"topics", options.topics},
          {"filter", options.filter},
          {"qos", options.connection.qos},
          {"subscribe_qos", *options.subscribe_qos},
          {"rate", options.rate},
          {"size", options.size},
          {"interrupted", outcome.interrupted}};
}

}  // namespace

std::string to_text(const RunOutcome& outcome, const BenchOptions& options, const Measurements& figures) {
  std::string text = connections_line(outcome, options, figures);
  if (options.publishers != 0) text += published_line(outcome, options, figures);
  if (options.subscribers != 0) text += received_line(outcome, options, figures);
  text += "holdfast_bench  " + decimals(outcome.processor_seconds, 2) + " s of processor time in " +
          decimals(outcome.run_seconds, 2) + " s, at most " +
          decimals(static_cast<double>(outcome.memory_peak) / (1 << 20), 1) + " MiB\n";
  text += "\nmilliseconds    ";
  for (const auto& quantile : quantiles)
    text += padded(quantile.name, 12);
  text += "\n";
  const std::array<std::pair<const char*, LatencyCounts>, 4> latencies{
      {{"connecting", figures.connecting.counts()},
       {"acknowledged", figures.acknowledging.counts()},
       {"end to end", figures.end_to_end.counts()},
       {"sent late by", figures.lateness.counts()}}};
  for (const auto& [name, counts] : latencies)
    text += row(name, counts);
  for (const auto& [name, counts] : latencies)
    text += options.histogram ? bars(name, counts) : "";
  return text;
}

Json to_json(const LatencyCounts& counts, bool with_histogram) {
  if (counts.count() == 0) return nullptr;
  Json json{{"count", counts.count()}, {"mean", rounded(milliseconds(counts.mean()))}};
  for (const auto& quantile : quantiles)
    json[quantile.name] = rounded(milliseconds(counts.quantile(quantile.share)));
  if (!with_histogram) return json;
  Json buckets = Json::array();
  for (const LatencyCounts::Bucket& bucket : counts.buckets())
    buckets.push_back({milliseconds(bucket.up_to), bucket.count});
  json["histogram"] = std::move(buckets);
  return json;
}

Json to_json(const RunOutcome& outcome, const BenchOptions& options, const Measurements& figures) {
  Json mishaps = Json::object();
  for (const auto& [what, count] : figures.mishaps.all())
    mishaps[what] = count;
  const auto latency = [&](const LatencyHistogram& histogram) {
    return to_json(histogram.counts(), options.histogram);
  };
  const bool expected_known = options.publishers != 0;
  return {{"run", run_of(outcome, options)},
          {"connections",
           {{"wanted", options.clients()},
            {"connected", figures.connected.load()},
            {"failed", figures.not_connected.load()},
            {"lost", figures.connections_lost.load()},
            {"seconds", rounded(outcome.connecting_seconds)},
            {"rate", rounded(rate(figures.connected, outcome.connecting_seconds))},
            {"latency_ms", latency(figures.connecting)}}},
          {"published",
           {{"messages", figures.published.load()},
            {"bytes", figures.published_bytes.load()},
            {"acknowledged", figures.acknowledged.load()},
            {"failed", figures.failed.load()},
            {"unfinished", unfinished(figures)},
            {"seconds", rounded(outcome.publishing_seconds)},
            {"rate", rounded(rate(figures.published, outcome.publishing_seconds))},
            {"latency_ms", latency(figures.acknowledging)},
            {"late_ms", latency(figures.lateness)}}},
          {"received",
           {{"messages", figures.received.load()},
            {"bytes", figures.received_bytes.load()},
            {"expected", expected_known ? Json(outcome.expected) : Json(nullptr)},
            {"lost", outcome.lost},
            {"duplicates", figures.duplicates.load()},
            {"out_of_order", figures.out_of_order.load()},
            {"of_others", figures.foreign.load()},
            {"of_clock_ahead", figures.from_ahead.load()},
            {"seconds", rounded(outcome.receiving_seconds)},
            {"rate", rounded(rate(figures.received, outcome.receiving_seconds))},
            {"latency_ms", latency(figures.end_to_end)}}},
          {"mishaps", std::move(mishaps)},
          {"holdfast_bench",
           {{"processor_seconds", rounded(outcome.processor_seconds)},
            {"seconds", rounded(outcome.run_seconds)},
            {"memory_peak_bytes", outcome.memory_peak}}}};
}

std::uint64_t unfinished(const Measurements& figures) {
  // Read in this order, since the others follow the first.
  const std::uint64_t ended = figures.acknowledged + figures.failed;
  return figures.published - std::min<std::uint64_t>(ended, figures.published);
}

std::string with_client(const std::string& line, const std::string& client_id) {
  return "{\"client\":" + dump(Json(client_id)) + "," + line.substr(1);
}

}  // namespace holdfast::tools
