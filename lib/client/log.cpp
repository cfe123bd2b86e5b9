#include "client/log.hpp"

namespace holdfast::client {

std::shared_ptr<spdlog::logger> default_logger() {
  auto logger = std::make_shared<spdlog::logger>("holdfast");
  logger->set_level(spdlog::level::off);
  return logger;
}

}  // namespace holdfast::client
