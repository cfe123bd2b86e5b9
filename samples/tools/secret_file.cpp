#include "secret_file.hpp"

#include <cstdlib>
#include <fstream>

#include "refuse.hpp"

namespace holdfast::tools {

std::string first_line_of(const std::string& option, const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) {
    refuse(option + " " + file + ": cannot be read, or is empty");
  }
  if (!line.empty() && line.back() == '\r')
    line.pop_back();  // From an editor that ends lines as Windows does.
  return line;
}

std::string environment(const std::string& option, const std::string& variable) {
  const char* value = std::getenv(variable.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) {
    refuse(option + " " + variable + ": there is no such environment variable: set and export it");
  }
  return value;
}

}  // namespace holdfast::tools
