#include "client/connection.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "support/broker_packets.hpp"
#include "support/catch.hpp"
#include "support/memory_stream.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::support;

namespace {

constexpr session::TimePoint now{std::chrono::seconds(1)};
constexpr net::IoStatus failed = net::IoStatus::failed;
const std::error_code reset = std::make_error_code(std::errc::connection_reset);

/// A connection whose CONNECT is yet to be written, to a broker that has reset it.
struct ResetConnection {
  ResetConnection() {
    engine.set_identity(std::nullopt, std::nullopt, std::nullopt);
    engine.on_connected(now);
    peer->write_failure = {failed, 0, reset};
  }

  Options options;
  session::Engine engine{options, {}, 0};
  Connection::Counters counters;
  std::shared_ptr<MemoryPeer> peer = std::make_shared<MemoryPeer>();
  Connection connection{std::make_unique<MemoryStream>(peer), engine, std::chrono::seconds(1), counters,
                        nullptr};
};

}  // namespace

TEST_CASE(
    "what the broker said before it reset the connection counts, though nothing can be written any more",
    "[client]") {
  ResetConnection broker;
  broker.peer->to_read = connack(false, ReasonCode::banned);
  broker.connection.write(now);
  CHECK(broker.connection.ended());
  REQUIRE(broker.engine.closing());
  CHECK(broker.engine.closing()->reason_code == ReasonCode::banned);
}

TEST_CASE("why reading ended says more than why writing did, such as an alert of TLS", "[client]") {
  ResetConnection broker;
  broker.peer->at_end = {failed, 0, std::make_error_code(std::errc::permission_denied)};
  broker.connection.write(now);
  CHECK(broker.connection.ended());
  CHECK(broker.connection.error() == std::errc::permission_denied);
}

TEST_CASE("a connection that fails to write without a word of the broker's ends with the error of it",
          "[client]") {
  ResetConnection broker;
  broker.connection.write(now);
  CHECK(broker.connection.ended());
  CHECK(broker.connection.error() == reset);
}

TEST_CASE("of a broker that says no end of things no more is read after a failed write than in a turn",
          "[client]") {
  ResetConnection broker;
  broker.peer->to_read = std::string(1'000'000, '\xC0').replace(1, 4, "\xFF\xFF\xFF\x7F");
  broker.connection.write(now);
  CHECK(broker.connection.ended());
  CHECK(broker.peer->reads == 1);
}
