// Where the library's log goes in the tools.
#pragma once

#include <cstdint>
#include <memory>

namespace spdlog {
class logger;
}

namespace holdfast::tools {

/// What goes to stdout, line by line: each packet in the words of mosquitto's tools. With `subscriptions`
/// also, as mosquitto_sub has it, what the broker granted.
enum class PacketLines : std::uint8_t { none, packets, packets_and_subscriptions };
/// What goes to stderr.
enum class Warnings : std::uint8_t { none, warnings, all };

[[nodiscard]] std::shared_ptr<spdlog::logger> make_logger(PacketLines lines, Warnings warnings);

}  // namespace holdfast::tools
