// Each packet of a connection as a line of the log, in the words of mosquitto's tools.
#pragma once

#include <spdlog/logger.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "client/packet_cutter.hpp"

namespace holdfast::client {

/// At level debug. Of payloads it tells the size alone, and of CONNECT nothing. Network thread only.
class PacketLog {
 public:
  /// Since MQTT 5 packets have properties. `client_id` outlives it, and may change.
  PacketLog(std::shared_ptr<spdlog::logger> logger, const std::string& client_id, bool has_properties)
      : logger_(std::move(logger)), client_id_(&client_id), has_properties_(has_properties) {}

  void on_received(std::span<const std::byte> bytes);
  /// The first `written` bytes of `pieces` have left.
  void on_sent(std::span<const std::span<const std::byte>> pieces, std::size_t written);

 private:
  void tell_received(const CutPacket& packet);
  void tell_sent(const CutPacket& packet);
  void tell_received_publish(const CutPacket& packet);
  void tell_sent_publish(const CutPacket& packet);
  void tell_publish(const char* direction, const CutPacket& packet, std::string_view topic,
                    std::size_t payload_size);
  void tell_subscribe(const CutPacket& packet);
  void tell_unsubscribe(const CutPacket& packet);
  void tell_suback(const CutPacket& packet);

  [[nodiscard]] std::string client() const;

  std::shared_ptr<spdlog::logger> logger_;
  const std::string* client_id_;
  bool has_properties_;
  PacketCutter received_;
  PacketCutter sent_;
  std::map<std::uint32_t, std::string> aliased_;  // The topics of what is sent.
};

}  // namespace holdfast::client
