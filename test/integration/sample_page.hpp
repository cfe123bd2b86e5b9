// A sample and its page in docs/samples: what the page shows of the trace has to be in a real one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tool_under_test.hpp"

namespace holdfast::support {

/// The command of a sample, its trace in that file.
[[nodiscard]] Arguments traced(const std::filesystem::path& file, const Arguments& command);

/// The lines below "In the trace" on the sample's page which `holdfast_trace show` of that file does not have
/// in this order. Times, identifiers, sizes and names of servers may differ. Throws std::runtime_error where
/// the page has none, or lacks another part that each page has.
[[nodiscard]] std::vector<std::string> not_in_trace(const std::string& sample,
                                                    const std::filesystem::path& file);

}  // namespace holdfast::support
