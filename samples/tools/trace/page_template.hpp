// The page into which a trace is put; made of page.html by the build.
#pragma once

#include <string_view>

namespace holdfast::tools {

extern const std::string_view page_template;

}  // namespace holdfast::tools
