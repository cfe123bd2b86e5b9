// Topics of many clients from one pattern.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::tools {

/// The pattern with %i as the client's number, %c as its id, and %n as the number of one of its topics.
[[nodiscard]] std::string expand(std::string_view pattern, std::size_t client, std::string_view client_id,
                                 std::size_t topic);
/// The topic filter that matches whatever the pattern stands for: + for each level that varies.
[[nodiscard]] std::string filter_of(std::string_view pattern);

/// Of a shared subscription ($share/GROUP/FILTER) the filter, of any other the whole.
[[nodiscard]] std::string_view unshared(std::string_view filter);

}  // namespace holdfast::tools
