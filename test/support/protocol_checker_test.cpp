#include "support/protocol_checker.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

struct Session {
  SessionHistory history;
  std::vector<std::string> violations;
};

/// A connection that has its CONNACK.
class Connection {
 public:
  Connection(Session& session, bool session_present, const Properties& limits = {})
      : session_(session), checker_(connections_++, [&session](std::string what) {
          session.violations.push_back(std::move(what));
        }) {
    Packet connect;
    connect.type = PacketType::connect;
    checker_.attach(session.history);
    checker_.on_received(connect);
    sends(connack(session_present, ReasonCode::success, limits));
  }

  Connection& receives(const std::string& bytes) {
    checker_.on_received(decode(bytes));
    return *this;
  }
  Connection& sends(const std::string& bytes) {
    checker_.on_sent(decode(bytes));
    return *this;
  }
  [[nodiscard]] std::size_t violations() const { return session_.violations.size(); }

 private:
  static inline std::size_t connections_ = 0;
  Session& session_;
  ProtocolChecker checker_;
};

std::string message(std::uint16_t id, QoS qos = QoS::at_least_once, bool dup = false) {
  return publish("t", std::to_string(id), qos, id, dup);
}

std::string ack(PacketType type, std::uint16_t id) {
  return acknowledgement(type, id);
}

}  // namespace

TEST_CASE("an honest client breaks no rule across a resumed session", "[support][checker]") {
  Session session;
  Connection(session, false, Properties().add(PropertyId::receive_maximum, 3))
      .receives(message(1))
      .receives(message(2, QoS::exactly_once))
      .receives(message(3, QoS::exactly_once))
      .sends(ack(PacketType::puback, 1))
      .sends(ack(PacketType::pubrec, 2))
      .receives(message(4));
  Connection(session, true)
      .receives(ack(PacketType::pubrel, 2))
      .receives(message(1, QoS::at_least_once, true))
      .receives(message(3, QoS::exactly_once, true))
      .receives(message(4, QoS::at_least_once, true))
      .receives(message(5))
      .sends(ack(PacketType::pubcomp, 2));
  CHECK(session.violations == std::vector<std::string>{});
}

TEST_CASE("more unacknowledged messages than Receive Maximum are reported", "[support][checker]") {
  Session session;
  Connection connection(session, false, Properties().add(PropertyId::receive_maximum, 2));
  connection.receives(message(1)).receives(message(2));
  CHECK(connection.violations() == 0);
  connection.receives(message(3));
  CHECK(connection.violations() == 1);
}

TEST_CASE("a packet identifier in use is reported, whoever uses it", "[support][checker]") {
  Session session;
  Connection connection(session, false);
  connection.receives(message(7)).sends(ack(PacketType::puback, 7)).receives(message(7));
  CHECK(connection.violations() == 0);
  Packet subscribe;
  subscribe.type = PacketType::subscribe;
  subscribe.packet_identifier = 7;
  subscribe.subscriptions.push_back({"t"});
  connection.receives(encode(subscribe));
  CHECK(connection.violations() == 1);
}

TEST_CASE("a replay without DUP, out of order, or after a new message is reported", "[support][checker]") {
  Session session;
  Connection(session, false).receives(message(1)).receives(message(2)).receives(message(3));
  SECTION("without DUP") {
    CHECK(Connection(session, true).receives(message(1)).violations() == 1);
  }
  SECTION("out of order") {
    CHECK(Connection(session, true)
              .receives(message(2, QoS::at_least_once, true))
              .receives(message(1, QoS::at_least_once, true))
              .violations() == 1);
  }
  SECTION("after a new message") {
    CHECK(Connection(session, true)
              .receives(message(4))
              .receives(message(1, QoS::at_least_once, true))
              .violations() == 1);
  }
  SECTION("in a new session") {
    CHECK(Connection(session, false).receives(message(1, QoS::at_least_once, true)).violations() == 1);
  }
}

TEST_CASE("PUBRELs out of PUBREC order or after a PUBLISH of a resumed session are reported",
          "[support][checker]") {
  Session session;
  Connection(session, false)
      .receives(message(1, QoS::exactly_once))
      .receives(message(2, QoS::exactly_once))
      .sends(ack(PacketType::pubrec, 2))
      .sends(ack(PacketType::pubrec, 1));
  SECTION("order") {
    CHECK(Connection(session, true)
              .receives(ack(PacketType::pubrel, 1))
              .receives(ack(PacketType::pubrel, 2))
              .violations() == 1);
  }
  SECTION("after a PUBLISH") {
    CHECK(Connection(session, true).receives(message(3)).receives(ack(PacketType::pubrel, 2)).violations() ==
          1);
  }
}

TEST_CASE("acknowledgements of an earlier connection and in the wrong order are reported",
          "[support][checker]") {
  Session session;
  Connection connection(session, false);
  connection.receives(ack(PacketType::puback, 9));
  CHECK(connection.violations() == 1);
  connection.sends(message(1)).sends(message(2)).receives(ack(PacketType::puback, 2));
  CHECK(connection.violations() == 2);
}
