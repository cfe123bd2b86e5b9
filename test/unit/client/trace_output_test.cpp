#include "client/trace_output.hpp"

#include <cstdint>
#include <fstream>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using holdfast::client::TraceOutput;

TEST_CASE("a trace goes on in a file that is larger than a number of 32 bits") {
  const support::TemporaryDirectory directory;
  const auto file = directory.path() / "trace";
  constexpr std::int64_t before = std::int64_t{5} << 30;
  // It has a hole where nothing was written, so it takes no room.
  std::ofstream(file).seekp(before - 1) << '\n';

  TraceOutput output(file, 0);
  CHECK_FALSE(output.ends_within_line());
  output.write("{}\n");
  CHECK_FALSE(output.error());
  CHECK(std::ifstream(file, std::ios::ate).tellg() == before + 3);
}
