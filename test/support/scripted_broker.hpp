// An MQTT 5 broker that is honest until a test tells it otherwise.
//
// By default it does what the standard asks for: it keeps sessions in memory, delivers to subscribers,
// honours the client's Receive Maximum. A Behaviour makes the connections that come from then on misbehave;
// commands act on the newest connection at once. Everything that clients send is kept to be looked at, and
// what they must not do is reported by violations(), which every test should find empty.
//
//     ScriptedBroker broker;
//     broker.behave({.acknowledgement_delay = 50ms});
//     holdfast::Client client({.server = broker.server()});
//     ...
//     REQUIRE(broker.wait_until([&] { return broker.accepted().size() == 100; }));
//     broker.reset_connection();
//     CHECK(broker.violations().empty());
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/behaviour.hpp"
#include "support/broker_connection.hpp"
#include "support/broker_packets.hpp"
#include "support/broker_session.hpp"
#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {

/// A packet that came, and on which connection.
struct LoggedPacket : Packet {
  LoggedPacket(Packet packet, std::size_t on, std::chrono::steady_clock::time_point when)
      : Packet(std::move(packet)), connection(on), time(when) {}

  std::size_t connection;
  std::chrono::steady_clock::time_point time;
};

/// A message that the broker took over from a client: at QoS 2 once, at QoS 1 as often as it came.
struct AcceptedMessage {
  std::string client_id;
  std::string topic;
  std::string payload;
  QoS qos = QoS::at_most_once;
};

/// Any thread may call anything; a hook may too, except wait_until.
class ScriptedBroker {
 public:
  explicit ScriptedBroker(Behaviour behaviour = {}, int receive_buffer = 0);
  ~ScriptedBroker();
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string server() const { return server_at(port_); }

  // ---- The script ----

  /// How connections are treated that come from now on.
  void behave(Behaviour behaviour);
  /// How the connection of this number (from 0) will be treated, other than the rest.
  void behave_on(std::size_t connection, Behaviour behaviour);
  /// Changes how the newest connection is treated.
  void change_behaviour(const std::function<void(Behaviour&)>& change);

  // ---- Commands to the newest connection; nothing happens if it is closed ----

  void send(std::string_view bytes);
  void close_connection();
  void reset_connection();
  void stop_reading();
  void start_reading();
  void release_acknowledgements();
  void release_acknowledgements_reversed();

  // ---- Commands to the broker ----

  /// Publishes to everybody who subscribed.
  void publish(const Publication& publication);
  /// Puts a message into the session of a client, subscribed or not.
  void deliver(const std::string& client_id, const Publication& publication);
  /// Forgets all sessions; open connections are closed.
  void forget_sessions();
  /// Closes the listener and all connections with RST: as a broker that is down.
  void go_down();
  void come_up();
  /// Runs `what` on the broker's thread, later.
  void schedule(std::chrono::milliseconds delay, std::function<void()> what);

  // ---- What happened ----

  /// Waits until `condition()` holds, asking after everything that happens here; whether it did.
  [[nodiscard]] bool wait_until(const std::function<bool()>& condition,
                                std::chrono::milliseconds deadline = patience);
  /// Connections accepted so far.
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t open_connections() const;
  /// Every packet that came, in order.
  [[nodiscard]] std::vector<LoggedPacket> received() const;
  [[nodiscard]] std::vector<LoggedPacket> received(PacketType type) const;
  [[nodiscard]] std::vector<LoggedPacket> received(std::size_t connection, PacketType type) const;
  [[nodiscard]] std::size_t count(PacketType type) const;
  [[nodiscard]] std::vector<AcceptedMessage> accepted() const;
  [[nodiscard]] std::size_t accepted_count() const;
  /// Messages for that client that are not finished.
  [[nodiscard]] std::size_t undelivered(const std::string& client_id) const;
  [[nodiscard]] std::vector<std::string> violations() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::lock_guard<std::recursive_mutex>;

  void run();
  [[nodiscard]] bool turn();
  [[nodiscard]] int poll_timeout() const;
  void run_due();
  void accept_all();
  void on_packet(BrokerConnection& connection, const Packet& packet);
  void act_on(BrokerConnection& connection, const Packet& packet);
  void on_connect(BrokerConnection& connection, const Packet& packet);
  void attach_session(BrokerConnection& connection, const Packet& packet);
  void on_publish(BrokerConnection& connection, const Packet& packet);
  void on_pubrel(BrokerConnection& connection, const Packet& packet);
  void on_subscribe(BrokerConnection& connection, const Packet& packet);
  void on_unsubscribe(BrokerConnection& connection, const Packet& packet);
  void take_over(const BrokerConnection& connection, const Packet& packet);
  void end_session_of(BrokerConnection& connection);
  void deliver_waiting();
  void command(const std::function<void(BrokerConnection&)>& what);
  void wake();

  const std::uint16_t port_;
  const int receive_buffer_;
  WakeUp wake_up_;
  // Recursive, so that hooks may use the broker's public functions.
  mutable std::recursive_mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_.
  Descriptor listener_;
  Behaviour behaviour_;
  std::map<std::size_t, Behaviour> behaviour_on_;
  std::vector<std::shared_ptr<BrokerConnection>> connections_;
  std::map<std::string, std::shared_ptr<BrokerSession>> sessions_;
  std::multimap<Clock::time_point, std::function<void()>> scheduled_;
  std::vector<LoggedPacket> received_;
  std::vector<AcceptedMessage> accepted_;
  std::vector<std::string> violations_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace holdfast::support
