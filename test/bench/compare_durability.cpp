// What durability costs at each of its levels: the benchmark of the stores, whose figures join the others.
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/comparison.hpp"
#include "support/child_process.hpp"

namespace holdfast::bench {

void compare_durability(Comparison& comparison) {
  const std::string json = comparison.file("durability.json");
  support::ChildProcess program(
      {path_beside("durability"), "--rounds", comparison.scale() == Scale::full ? "3" : "1", "--json", json},
      support::ChildProcess::Streams{});
  if (program.wait(std::chrono::minutes(5)) != 0) throw std::runtime_error("durability failed");
  comparison.results()["durability"] = nlohmann::json::parse(std::ifstream(json));
}

}  // namespace holdfast::bench
