#include "support/page_tables.hpp"

#include <fstream>
#include <regex>
#include <stdexcept>

namespace holdfast::support {

std::vector<TableRow> table_rows(const std::filesystem::path& page, const std::string& heading) {
  std::vector<TableRow> rows;
  std::ifstream file(page);
  bool within = false;
  bool named = false;  // Whether the line that follows the names has come.
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) within = line == heading;
    if (!line.starts_with("| ")) named = named && line.starts_with("|---");
    if (line.starts_with("|---")) named = true;
    if (!within || !named || !line.starts_with("| ")) continue;
    const std::regex bar("\\s*\\|\\s*");
    const std::string cells = line.substr(2);
    rows.emplace_back(std::sregex_token_iterator(cells.begin(), cells.end(), bar, -1),
                      std::sregex_token_iterator());
  }
  if (rows.empty()) throw std::runtime_error(page.string() + " has no table under " + heading);
  return rows;
}

std::set<std::string> names_in(const std::string& cell) {
  const std::regex quoted("`([^`]+)`");
  std::set<std::string> names;
  for (std::sregex_iterator it(cell.begin(), cell.end(), quoted), end; it != end; ++it)
    names.insert((*it)[1]);
  return names;
}

std::set<std::string> names_of_table(const std::filesystem::path& page, const std::string& heading) {
  std::set<std::string> names;
  for (const TableRow& row : table_rows(page, heading))
    names.merge(names_in(row.at(0)));
  return names;
}

}  // namespace holdfast::support
