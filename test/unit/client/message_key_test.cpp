#include <optional>
#include <string>

#include <holdfast/message_key.hpp>

#include "inbox_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

std::optional<MessageKey> key_of(std::string_view topic, std::string_view payload,
                                 session::InboundExchange exchange = {100, 3}, bool dup = false) {
  InboxUnderTest test;
  wire::Publish publish;
  publish.qos = QoS::exactly_once;
  publish.dup = dup;
  publish.payload = bytes_of(payload);
  test.deliver(session::InboundMessage::make(publish, topic, {17, 1}, exchange));
  return test.inbox->receive(no_wait).value().key();
}

}  // namespace

TEST_CASE("a key names session, packet identifier and exchange, and what the message says",
          "[client][message-key]") {
  const auto key = key_of("a", "b");
  REQUIRE(key);
  CHECK(key->session == 100);
  CHECK(key->packet_identifier == 17);
  CHECK(key->exchange == 3);
  CHECK(key_of("a", "b", {100, 3}, true) == key);
  CHECK(key_of("a", "c") != key);
  CHECK(key_of("c", "b") != key);
  CHECK(key_of("ab", "") != key);
  CHECK(key_of("a", "b", {101, 3}) != key);
  CHECK(key_of("a", "b", {100, 4}) != key);
}

TEST_CASE("a message whose exchanges nobody counts has no key", "[client][message-key]") {
  CHECK(key_of("a", "b", {}) == std::nullopt);
}

TEST_CASE("keys are written the same in every version, for databases that keep them",
          "[client][message-key]") {
  CHECK(to_string(key_of("a", "b").value()) == "100-17-3-16560467112517592754");
  CHECK(to_string(MessageKey{~std::uint64_t{0}, 65535, ~std::uint64_t{0}, ~std::uint64_t{0}}).size() == 68);
}
