// docs/tools.md has every key of the result of holdfast_bench.
#include "bench_report.hpp"

#include "json_keys.hpp"
#include "support/catch.hpp"
#include "support/page_tables.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace holdfast::support;

namespace {

Json result() {
  BenchOptions options;
  options.histogram = true;
  options.check();
  Measurements figures;
  for (LatencyHistogram* latency :
       {&figures.connecting, &figures.acknowledging, &figures.end_to_end, &figures.lateness})
    latency->record(std::chrono::milliseconds(1));
  return to_json(RunOutcome{}, options, figures);
}

}  // namespace

TEST_CASE("docs/tools.md has every key of the result of holdfast_bench, and no other",
          "[unit][tools][docs]") {
  // A latency's keys are told once.
  std::set<std::string> written;
  for (const std::string& key : keys_of(result())) {
    const std::size_t latency = key.find("_ms.");
    written.insert(latency == std::string::npos ? key : key.substr(0, latency + 3));
  }
  CHECK(written == names_of_table(HOLDFAST_TOOLS_PAGE, "#### The result"));
}

TEST_CASE("docs/tools.md has every key of a latency of holdfast_bench, and no other", "[unit][tools][docs]") {
  CHECK(keys_of(result()["published"]["latency_ms"]) ==
        names_of_table(HOLDFAST_TOOLS_PAGE, "#### A latency"));
}
