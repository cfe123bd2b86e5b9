// holdfast_bench: load from many clients, for those who size a broker.
#include <algorithm>
#include <cstdio>
#include <string>

#include "bench_options.hpp"
#include "bench_report.hpp"
#include "bench_run.hpp"
#include "exit_code.hpp"
#include "reporting.hpp"

namespace {

using namespace holdfast;

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written || tools::reader_gone() ? tools::exit_success : tools::exit_failure;
}

std::string result_of(const tools::RunOutcome& outcome, const tools::BenchOptions& options,
                      const tools::Measurements& figures) {
  if (!options.json && !options.json_lines) return tools::to_text(outcome, options, figures);
  return tools::dump(tools::to_json(outcome, options, figures), options.json) + "\n";
}

// A broker may send a message of QoS 1 again where a connection was lost.
bool duplicates_allowed(const tools::BenchOptions& options) {
  return std::min(options.connection.qos, *options.subscribe_qos) == 1;
}

int status_of(const tools::RunOutcome& outcome, const tools::BenchOptions& options,
              const tools::Measurements& figures) {
  if (const auto error = figures.mishaps.first_error()) return tools::exit_code_of(*error);
  const bool complete = figures.connected == options.clients() && outcome.lost == 0 && figures.failed == 0 &&
                        figures.out_of_order == 0 && tools::unfinished(figures) == 0 &&
                        (figures.duplicates == 0 || duplicates_allowed(options));
  return complete ? tools::exit_success : tools::exit_failure;
}

int bench_main(int argc, char** argv) {
  tools::BenchOptions options;
  CLI::App app("Puts a broker under the load of many clients and measures how it does.", "holdfast_bench");
  options.add_to(app);
  if (const auto status = tools::parse(app, options.connection, argc, argv)) return *status;
  options.check();
  tools::BenchRun run(options);
  const tools::RunOutcome outcome = run.run();
  for (const auto& [what, count] : run.figures().mishaps.all())
    tools::complain("holdfast_bench", what + (count == 1 ? "" : " (" + std::to_string(count) + " times)"));
  if (options.connection.statistics) run.write_statistics();
  const int printed = print(result_of(outcome, options, run.figures()));
  const int status = status_of(outcome, options, run.figures());
  return printed != tools::exit_success ? printed : status;
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::tools::run_tool("holdfast_bench", bench_main, argc, argv);
}
