#include "support/mosquitto.hpp"

#include "support/catch.hpp"
#include "support/raw_client.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

bool session_present(const Mosquitto& mosquitto) {
  RawClient client(mosquitto.port());
  return client.connect("c", false, 1'000).session_present;
}

}  // namespace

TEST_CASE("a mosquitto that is killed keeps what it had saved and nothing else", "[support][mosquitto]") {
  Mosquitto mosquitto({.persistence = Persistence::on_demand});
  CHECK_FALSE(session_present(mosquitto));
  mosquitto.kill_hard();
  mosquitto.restart();
  CHECK_FALSE(session_present(mosquitto));
  mosquitto.save();
  mosquitto.kill_hard();
  mosquitto.restart();
  CHECK(session_present(mosquitto));
  mosquitto.terminate();
  mosquitto.restart();
  CHECK(session_present(mosquitto));
  mosquitto.terminate();
  mosquitto.wipe_database();
  mosquitto.restart();
  CHECK_FALSE(session_present(mosquitto));
}

TEST_CASE("a mosquitto with users lets nobody else in", "[support][mosquitto]") {
  Mosquitto mosquitto({.users = {{"alice", "secret"}}});
  RawClient stranger(mosquitto.port());
  CHECK(stranger.connect("c").reason_code == ReasonCode::not_authorized);
  RawClient alice(mosquitto.port());
  Packet connect;
  connect.type = PacketType::connect;
  connect.client_id = "a";
  connect.user_name = "alice";
  connect.password = "secret";
  alice.send(connect);
  CHECK(alice.next(PacketType::connack).reason_code == ReasonCode::success);
}

TEST_CASE("lines of the configuration reach mosquitto", "[support][mosquitto]") {
  Mosquitto mosquitto({.lines = {"max_inflight_messages 3"}});
  RawClient client(mosquitto.port());
  CHECK(client.connect("c").properties.number(PropertyId::receive_maximum) == 3u);
}

TEST_CASE("a mosquitto listens with every transport", "[support][mosquitto]") {
  for (const auto& [transport, scheme] :
       {std::pair{Transport::tls, "mqtts://"}, std::pair{Transport::mutual_tls, "mqtts://"},
        std::pair{Transport::psk, "mqtts://"}, std::pair{Transport::websocket, "ws://"},
        std::pair{Transport::secure_websocket, "wss://"}, std::pair{Transport::unix_socket, "unix:///"}}) {
    INFO(scheme);
    Mosquitto mosquitto({.transport = transport});
    CHECK(mosquitto.server().rfind(scheme, 0) == 0);
    mosquitto.kill_hard();
    CHECK_NOTHROW(mosquitto.restart());
  }
}
