#include "client/server_reference.hpp"

#include <random>
#include <string>
#include <vector>

#include "net/server_url.hpp"
#include "support/catch.hpp"

using namespace holdfast::client;

namespace {

using Servers = std::vector<std::string>;

Servers servers_in(std::string_view reference, std::string_view giver = "mqtt://broker") {
  return parse_server_reference(reference, giver).servers;
}

std::string left_out_of(std::string_view reference, std::string_view giver = "mqtt://broker") {
  return parse_server_reference(reference, giver).left_out;
}

}  // namespace

TEST_CASE("a reference is a name, with a port or not, and keeps the scheme of who gave it",
          "[server-reference]") {
  CHECK(servers_in("other") == Servers{"mqtt://other:1883"});
  CHECK(servers_in("other:1884") == Servers{"mqtt://other:1884"});
  CHECK(servers_in("[2001:db8::1]:1884") == Servers{"mqtt://[2001:db8::1]:1884"});
  CHECK(servers_in("[::1]") == Servers{"mqtt://[::1]:1883"});
  CHECK(servers_in("other", "mqtts://broker") == Servers{"mqtts://other:8883"});
  CHECK(servers_in("other:8884", "tls://user:secret@broker:1") == Servers{"mqtts://other:8884"});
  CHECK(servers_in("other", "broker") == Servers{"mqtt://other:1883"});
}

TEST_CASE("a WebSocket's path is kept where the reference has none", "[server-reference]") {
  CHECK(servers_in("other", "wss://broker/iot?token=x") == Servers{"wss://other:443/iot?token=x"});
  CHECK(servers_in("other:1/else", "ws://broker/iot") == Servers{"ws://other:1/else"});
}

TEST_CASE("several references come in their order", "[server-reference]") {
  CHECK(servers_in("  a  b:1 [::1]:2 ") == Servers{"mqtt://a:1883", "mqtt://b:1", "mqtt://[::1]:2"});
  CHECK(servers_in("").empty());
  CHECK(left_out_of("").empty());
}

TEST_CASE("no reference leads from TLS to a connection without, nor to a socket of this machine",
          "[server-reference]") {
  CHECK(servers_in("mqtt://other", "mqtts://broker").empty());
  CHECK(left_out_of("mqtt://other", "mqtts://broker").find("would leave TLS") != std::string::npos);
  CHECK(servers_in("ws://other", "mqtts://broker").empty());
  CHECK(servers_in("tcp://other", "wss://broker").empty());
  CHECK(servers_in("MQTT://other", "wss://broker").empty());
  CHECK(servers_in("unix:///run/mqtt.sock", "mqtt://broker").empty());
  CHECK(servers_in("unix://@mqtt", "mqtts://broker").empty());
  CHECK(servers_in("other", "unix:///run/mqtt.sock").empty());
  CHECK(servers_in("mqtt://other", "unix:///run/mqtt.sock").empty());
  CHECK(servers_in("mqtts://other", "unix:///run/mqtt.sock") == Servers{"mqtts://other:8883"});
  CHECK(servers_in("wss://other mqtt://other", "mqtts://broker") == Servers{"wss://other:443/mqtt"});
  CHECK(servers_in("mqtts://other", "mqtt://broker") == Servers{"mqtts://other:8883"});
}

TEST_CASE("credentials in a reference are not used, and not told", "[server-reference]") {
  CHECK(servers_in("mallory:secret@other") == Servers{"mqtt://other:1883"});
  CHECK(servers_in("mqtts://mallory:secret@other", "mqtts://broker") == Servers{"mqtts://other:8883"});
  CHECK(left_out_of("mqtt://mallory:secret@other", "mqtts://broker").find("secret") == std::string::npos);
}

TEST_CASE("garbage is left out with a word, and what is none is kept", "[server-reference]") {
  for (const std::string garbage :
       {":", "other:", "other:0", "other:99999", "other:1:2", "[::1", "[]", "ftp://other", "://", "mqtt://",
        "mqtt://other/path", "@", "other:port", "\x01\x02"}) {
    CAPTURE(garbage);
    CHECK(servers_in(garbage).empty());
    const std::string word = left_out_of(garbage);
    CHECK_FALSE(word.empty());
    CHECK(word.find('\x01') == std::string::npos);
    CHECK(servers_in(garbage + " good") == Servers{"mqtt://good:1883"});
  }
}

TEST_CASE("no reference is too long to be refused, and no list too long to be cut", "[server-reference]") {
  const std::string endless(65'535, 'a');
  CHECK(servers_in(endless).empty());
  CHECK(left_out_of(endless).size() < 200);
  std::string many;
  for (int i = 0; i < 10'000; ++i)
    many += "a" + std::to_string(i) + " ";
  CHECK(servers_in(many).size() == 8);
  CHECK_FALSE(left_out_of(many).empty());
  CHECK(servers_in(std::string(65'535, ' ')).empty());
}

TEST_CASE("any bytes give servers that can be connected to, without leaving TLS, or words",
          "[server-reference]") {
  const std::vector<std::string> parts = {"mqtt", "mqtts", "ws", "wss",  "unix", "://",  ":",    "/",
                                          "?",    "#",     "@",  "[",    "]",    "%",    "%41",  "a",
                                          "1",    " ",     "::", "\xC3", "\x01", "1883", "65536"};
  std::mt19937 random(1);
  for (int round = 0; round < 50'000; ++round) {
    std::string reference;
    for (auto left = random() % 12; left > 0; --left)
      reference += parts[random() % parts.size()];
    CAPTURE(reference);
    const std::string giver = round % 2 == 0 ? "wss://broker/path?token" : "mqtts://broker";
    const auto references = parse_server_reference(reference, giver);
    for (const std::string& server : references.servers) {
      const auto url = holdfast::net::ServerUrl::parse(server);
      CHECK(url.is_secure());
      CHECK_FALSE(url.user_name);
    }
    CHECK(references.left_out.size() < 300);
  }
}
