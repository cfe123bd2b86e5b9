// Where the log goes when the application does not say.
#pragma once

#include <memory>

#include <spdlog/logger.h>

namespace holdfast::client {

/// A logger of its own to stderr, from `warn` on; not in spdlog's registry, so that no name of the
/// application's can clash.
[[nodiscard]] std::shared_ptr<spdlog::logger> default_logger();

}  // namespace holdfast::client
