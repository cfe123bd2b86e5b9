// Where the log goes when the application does not say.
#pragma once

#include <memory>

#include <spdlog/logger.h>

namespace holdfast::client {

/// A logger that writes nowhere, since stdout and stderr are the application's; not in spdlog's registry, so
/// that no name of the application's can clash.
[[nodiscard]] std::shared_ptr<spdlog::logger> default_logger();

}  // namespace holdfast::client
