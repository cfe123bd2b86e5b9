// A broker for one client, honest unless the weather says otherwise: sessions that expire, Receive Maximum
// and Maximum Packet Size, QoS 0, 1 and 2 in both directions, restarts with and without its session.
//
// It decides alone what Session Present says. What a client may not do on the wire is checked on each of its
// connections by the protocol checker of the other tests.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/time.hpp"
#include "simulation/simulated_network.hpp"
#include "simulation/world.hpp"
#include "support/broker_packets.hpp"
#include "support/broker_session.hpp"
#include "support/protocol_checker.hpp"

namespace holdfast::simulation {

class ModelBroker {
 public:
  explicit ModelBroker(World& world) : world_(world) {}

  /// The number of the connection.
  std::size_t accept(std::shared_ptr<Link> link);
  /// Reads, answers, sends, and lets sessions expire.
  void step();
  /// Somebody publishes this for the client.
  void offer(std::uint32_t number, std::uint32_t topic, QoS qos, std::size_t size);
  /// All connections are cut; the session is kept, or not.
  void restart(bool with_session);
  /// Ends the client's connection, with DISCONNECT or without.
  void disconnect_client();

  /// The client knows of the session on this connection now, and will after a crash.
  void on_session_known(std::size_t connection);

  /// When it does something by itself.
  [[nodiscard]] session::TimePoint deadline() const;
  /// This connection has the session.
  [[nodiscard]] bool serves(const Link* link);
  /// Nothing is under way to the client.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] bool subscribed(const std::string& filter) const {
    return session_ && session_->state.subscriptions.count(filter) != 0;
  }
  /// What its CONNACK with success said.
  struct Grant {
    std::uint32_t incarnation = 0;
    std::chrono::seconds expiry{0};
    /// The session is present, but not the one the client means: a CONNACK before this one was lost.
    bool mistaken = false;
  };
  [[nodiscard]] const Grant& granted(std::size_t connection) const { return grants_.at(connection - 1); }

 private:
  struct Connection {
    Connection(std::size_t count, std::shared_ptr<Link> to_client, support::ProtocolChecker rules,
               session::TimePoint now)
        : number(count), link(std::move(to_client)), checker(std::move(rules)), last_received(now) {}
    std::size_t number;
    std::shared_ptr<Link> link;
    support::ProtocolChecker checker;
    std::string bytes;                    // Read, not yet a whole packet.
    std::deque<support::Packet> answers;  // To be sent.
    session::TimePoint last_received;
    std::chrono::seconds keep_alive{0};
    std::size_t receive_maximum = 65535;         // The client's.
    std::size_t maximum_packet_size = 0xFFFFFF;  // The client's.
    bool up = false;                             // It has the session.
    bool closed = false;
  };
  struct Session {
    Session(std::uint32_t number, std::uint16_t first) : incarnation(number), first_identifier(first) {}
    support::BrokerSession state;
    std::uint32_t incarnation;
    std::uint16_t first_identifier;  // Given to a message for the client.
    bool known = false;              // The client has read, and remembers, that it is a new one.
    std::map<std::uint16_t, std::uint32_t> numbers;  // On their way to the client, by packet identifier.
    std::optional<session::TimePoint> alone_since;
  };

  // model_broker.cpp
  void read(Connection& connection);
  void write(Connection& connection);
  void send_messages(Connection& connection);
  void close(Connection& connection);
  void end_session();
  [[nodiscard]] session::TimePoint session_end() const;
  [[nodiscard]] Connection* current();

  // model_broker_packets.cpp
  void on_packet(Connection& connection, const support::Packet& packet);
  void on_connect(Connection& connection, const support::Packet& packet);
  [[nodiscard]] support::Packet grant(Connection& connection, const support::Packet& connect,
                                      bool session_present);
  void on_publish(Connection& connection, const support::Packet& packet);
  void on_pubrel(Connection& connection, const support::Packet& packet);
  void on_answer(Connection& connection, const support::Packet& packet);
  void on_request(Connection& connection, const support::Packet& packet);
  void on_disconnect(Connection& connection, const support::Packet& packet);
  void answer(Connection& connection, support::PacketType type, std::uint16_t packet_identifier,
              ReasonCode reason_code = ReasonCode::success);

  World& world_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::optional<Session> session_;
  support::SessionHistory earlier_;    // Of the session before, which the client may still mean.
  std::uint16_t last_identifier_ = 0;  // The highest given to a message for the client.
  std::uint32_t incarnations_ = 0;
  std::vector<Grant> grants_;       // By connection number - 1.
  std::size_t last_connected_ = 0;  // The latest connection whose CONNECT has come.
};

}  // namespace holdfast::simulation
