#include "support/gateway.hpp"

#include <sys/socket.h>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gateway_layer.hpp"
#include "support/raw_client.hpp"
#include "support/scripted_broker.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

// What RFC 6455 shows as an example in its section 1.3.
const std::string request =
    "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n";

std::string masked(int first_byte, const std::string& payload) {
  const std::string mask = "\x37\xfa\x21\x3d";
  std::string frame{static_cast<char>(first_byte), static_cast<char>(0x80 | payload.size())};
  frame += mask;
  for (std::size_t index = 0; index < payload.size(); ++index)
    frame += static_cast<char>(payload[index] ^ mask[index % 4]);
  return frame;
}

}  // namespace

TEST_CASE("a gateway passes bytes and a close on, in both directions", "[support][gateway]") {
  ScriptedBroker broker;
  Gateway gateway(Transport::tcp, broker.port());
  RawClient client(gateway.port());
  client.connect("c");
  client.subscribe("a/#", QoS::at_least_once);
  client.send(publish("a/b", std::string(100'000, 'x'), QoS::exactly_once, 1));
  CHECK(client.next(PacketType::publish).payload == std::string(100'000, 'x'));
  SECTION("the broker's") {
    broker.send(disconnect(ReasonCode::server_busy));
    broker.close_connection();
    CHECK(client.next(PacketType::disconnect).reason_code == ReasonCode::server_busy);
    CHECK_FALSE(client.next());
    CHECK(client.ended());
  }
  SECTION("the client's") {
    client.close();
  }
  SECTION("the client's reset") {
    client.reset();
  }
  CHECK(broker.wait_until([&] { return broker.open_connections() == 0; }));
}

TEST_CASE("a gateway passes a reset and a refusal on", "[support][gateway]") {
  ScriptedBroker broker;
  Gateway gateway(Transport::tcp, broker.port());
  RawClient client(gateway.port());
  client.connect("c");
  broker.go_down();
  CHECK_FALSE(client.next());
  CHECK(client.ended());
  RawClient refused(gateway.port());
  CHECK_FALSE(refused.next());
  CHECK(refused.ended());
  broker.come_up();
  RawClient again(gateway.port());
  CHECK(again.connect("c").reason_code == ReasonCode::success);
}

TEST_CASE("a broker that stops reading is felt through a gateway", "[support][gateway]") {
  ScriptedBroker broker({}, 4'096);
  Gateway gateway(Transport::tcp, broker.port());
  const Descriptor client = connect_to(gateway.port());
  REQUIRE(broker.wait_until([&] { return broker.connections() == 1; }));
  broker.stop_reading();
  const std::string bytes(64 * 1024, 'x');
  std::size_t written = 0;
  const auto is_stuck = [&] {
    const ssize_t count = ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) written += static_cast<std::size_t>(count);
    return count < 0 && throughout(50ms, [&] {
             return ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0;
           });
  };
  CHECK(eventually(is_stuck));
  // The rest lies in the client's own socket.
  CHECK(written < 4'000'000);
}

TEST_CASE("a gateway's WebSocket speaks as RFC 6455 says", "[support][gateway]") {
  const auto layer = websocket_gateway_layer();
  layer->send("early");
  CHECK(layer->to_send.empty());
  layer->take(request.substr(0, 40));
  layer->take(request.substr(40) + masked(0x82, "Hello"));
  CHECK(layer->to_send.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
  CHECK(layer->received == "Hello");
  layer->take(masked(0x02, "a") + masked(0x80, "b") + masked(0x89, "ping"));
  CHECK(layer->received == "Helloab");
  CHECK(layer->to_send.ends_with(std::string("\x8A\x04ping")));
  SECTION("after a close frame nothing may come") {
    layer->take(masked(0x88, "\x03\xE8"));
    CHECK(layer->ended);
    CHECK_THROWS(layer->take(masked(0x82, "x")));
  }
  SECTION("text is refused") {
    CHECK_THROWS(layer->take(masked(0x81, "x")));
  }
  SECTION("a frame without a mask is refused") {
    CHECK_THROWS(layer->take(std::string("\x82\x05Hello", 7)));
  }
  SECTION("a fragment out of place is refused") {
    CHECK_THROWS(layer->take(masked(0x80, "x")));
  }
}

TEST_CASE("a gateway's WebSocket refuses a request that lacks something", "[support][gateway]") {
  for (const std::string line : {"Upgrade: websocket\r\n", "Sec-WebSocket-Version: 13\r\n",
                                 "Sec-WebSocket-Protocol: mqtt\r\n", "Host: localhost\r\n"}) {
    CAPTURE(line);
    std::string lacking = request;
    lacking.erase(lacking.find(line), line.size());
    CHECK_THROWS(websocket_gateway_layer()->take(lacking));
  }
}
