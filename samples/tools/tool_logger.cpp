#include "tool_logger.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "terminal.hpp"

namespace holdfast::tools {

namespace {

/// Of the library's level debug.
class PacketSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit PacketSink(PacketLines lines) : lines_(lines) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level != spdlog::level::debug) return;
    std::string_view text(message.payload.data(), message.payload.size());
    text.remove_prefix(std::min(std::string_view("holdfast: ").size(), text.size()));
    const bool packet = text.starts_with("Client ") || text.starts_with("Received ");
    const bool granted = text.starts_with("Subscribed ");
    if (!packet && !(granted && lines_ == PacketLines::packets_and_subscriptions)) return;
    const std::string line = std::string(text) + '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  }
  void flush_() override {}

  const PacketLines lines_;
};

spdlog::level::level_enum level_of(Warnings warnings) {
  switch (warnings) {
    case Warnings::none:
      return spdlog::level::off;
    case Warnings::warnings:
      return spdlog::level::warn;
    default:
      return spdlog::level::info;
  }
}

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(PacketLines lines, Warnings warnings) {
  const auto errors = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  errors->set_level(level_of(warnings));
  errors->set_pattern(errors_on_terminal() ? std::string(take_line_back) + "%v" : "%v");
  auto logger = std::make_shared<spdlog::logger>("holdfast", errors);
  logger->set_level(errors->level());
  if (lines != PacketLines::none) {
    logger->sinks().push_back(std::make_shared<PacketSink>(lines));
    logger->set_level(spdlog::level::debug);
  }
  return logger;
}

}  // namespace holdfast::tools
