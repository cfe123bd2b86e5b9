// The tables of a page of the docs, for tests that hold them against the programs.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace holdfast::support {

using TableRow = std::vector<std::string>;  ///< Its cells.

/// The rows of the tables between that heading, as it stands in the page, and the next one; without those of
/// names and lines. Throws std::runtime_error if there is none.
[[nodiscard]] std::vector<TableRow> table_rows(const std::filesystem::path& page, const std::string& heading);
/// What stands between backquotes.
[[nodiscard]] std::set<std::string> names_in(const std::string& cell);
/// All of the first cells of the tables there.
[[nodiscard]] std::set<std::string> names_of_table(const std::filesystem::path& page,
                                                   const std::string& heading);

}  // namespace holdfast::support
