#include "bench/settings.hpp"

#include <stdexcept>

namespace holdfast::bench {

Settings parse(const std::vector<std::string>& arguments, std::size_t only_values) {
  Settings settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto value = [&] {
      if (++i == arguments.size()) throw std::invalid_argument(arguments[i - 1] + " needs another value");
      return arguments[i];
    };
    if (arguments[i] == "--rounds") {
      settings.rounds = std::stoi(value());
    } else if (arguments[i] == "--json") {
      settings.json = value();
    } else if (arguments[i] == "--check") {
      settings.check = true;
    } else if (arguments[i] == "--only") {
      while (settings.only.size() < only_values)
        settings.only.push_back(value());
    } else {
      throw std::invalid_argument("unknown option " + arguments[i] + ": see the top of the program's source");
    }
  }
  return settings;
}

}  // namespace holdfast::bench
