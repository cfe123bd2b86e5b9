#include "client/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>

namespace holdfast::client {

std::shared_ptr<spdlog::logger> default_logger() {
  auto logger =
      std::make_shared<spdlog::logger>("holdfast", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::warn);
  return logger;
}

}  // namespace holdfast::client
