// One connection of the scripted broker: bytes in and out, and the ways to misbehave with them.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/behaviour.hpp"
#include "support/broker_packets.hpp"
#include "support/descriptor.hpp"
#include "support/protocol_checker.hpp"

namespace holdfast::support {

class BrokerSession;

/// Belongs to the broker's thread; hooks get it by reference, tests command it through ScriptedBroker.
class BrokerConnection : public std::enable_shared_from_this<BrokerConnection> {
 public:
  using Schedule = std::function<void(std::chrono::milliseconds, std::function<void()>)>;

  BrokerConnection(std::size_t index, Descriptor socket, Behaviour behaviour, ProtocolChecker::Report report,
                   Schedule schedule);

  /// Counted from 0 over all connections that the broker accepted.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] const std::string& client_id() const noexcept { return client_id_; }
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(socket_); }

  /// Sends any bytes, packets or not.
  void send(std::string_view bytes);
  /// A packet of MQTT 5, in the version that the client speaks.
  void send_packet(std::string_view packet);
  void send_later(std::chrono::milliseconds delay, std::string bytes);
  /// Closes once everything is written.
  void close();
  /// Closes with RST; what is unwritten is lost.
  void reset();
  void stop_reading() noexcept { reading_ = false; }
  void start_reading() noexcept { reading_ = true; }
  [[nodiscard]] Behaviour& behaviour() noexcept { return behaviour_; }

 private:
  friend class ScriptedBroker;

  [[nodiscard]] bool ended_by_us() const noexcept { return reset_ || closing_; }

  // Between the broker's thread and the socket.
  [[nodiscard]] short wanted_events() const noexcept;
  void write_some();
  /// What came, whole packets only. Closes at the end of the stream or at nonsense.
  [[nodiscard]] std::vector<Packet> read_packets();

  /// Sends a packet of the honest broker unless before_send takes it.
  void send_honestly(const std::string& packet);
  void acknowledge(const std::string& packet);
  void release_acknowledgements(bool reversed);
  void check_sent(std::string_view bytes);

  const std::size_t index_;
  Descriptor socket_;
  Behaviour behaviour_;
  ProtocolChecker checker_;
  ProtocolChecker::Report report_;
  Schedule schedule_;
  std::uint8_t level_ = 5;  ///< Of the protocol, as CONNECT said.
  std::string client_id_;
  std::shared_ptr<BrokerSession> session_;
  std::uint32_t client_receive_maximum_ = 65'535;
  std::uint32_t client_packet_size_max_ = 0xFFFFFFFF;
  std::string incoming_;
  std::string outgoing_;
  std::string unchecked_;
  std::vector<std::string> held_;
  bool reading_ = true;
  bool closing_ = false;
  bool reset_ = false;
  bool accepted_ = false;  ///< CONNACK with success was sent.
};

}  // namespace holdfast::support
