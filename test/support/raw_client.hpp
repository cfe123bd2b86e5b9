// A client that sends and reads single packets: for what no proper client would do, and to watch a broker
// with other eyes than the library's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/broker_packets.hpp"
#include "support/descriptor.hpp"
#include "support/eventually.hpp"

namespace holdfast::support {

/// One thread at a time.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);

  void send(std::string_view bytes);
  void send(const Packet& packet) { send(encode(packet)); }
  /// The next packet; nothing at the end of the connection or of the time.
  [[nodiscard]] std::optional<Packet> next(std::chrono::milliseconds timeout = patience);
  /// Skips to the next packet of a type. Throws std::runtime_error if none comes.
  Packet next(PacketType type, std::chrono::milliseconds timeout = patience);
  /// The peer closed, and everything it sent before was read.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

  /// CONNECT, and the CONNACK for it.
  Packet connect(const std::string& client_id, bool clean_start = true, std::uint32_t session_expiry = 0,
                 Properties properties = {});
  /// SUBSCRIBE, and the SUBACK for it.
  Packet subscribe(const std::string& filter, QoS qos);
  void close() { socket_.close(); }
  void reset();

 private:
  Descriptor socket_;
  std::string incoming_;
  bool ended_ = false;
};

}  // namespace holdfast::support
