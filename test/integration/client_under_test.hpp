// What the integration tests need around a real holdfast::Client.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <spdlog/logger.h>

#include <holdfast/client.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gateway.hpp"
#include "support/scripted_broker.hpp"

namespace holdfast::support {

inline const std::vector<std::string> nothing;

/// MQTT 5, or what HOLDFAST_TEST_PROTOCOL says.
inline Protocol protocol_under_test() {
  const char* chosen = std::getenv("HOLDFAST_TEST_PROTOCOL");
  return chosen != nullptr && std::string_view(chosen) == "3.1.1" ? Protocol::mqtt_3_1_1 : Protocol::mqtt_5;
}

inline bool over_mqtt_5() {
  return protocol_under_test() == Protocol::mqtt_5;
}

/// Options of a client with a session that is not in the way of a quick test: it reconnects at once and says
/// nothing.
inline Options quick(std::string server, std::string client_id = "client") {
  Options options;
  options.server = std::move(server);
  if (options.server.starts_with("mqtts:") || options.server.starts_with("wss:")) {
    options.tls.ca_pem = gateway_ca_pem();
  }
  options.protocol = protocol_under_test();
  options.client_id = std::move(client_id);
  options.session_expiry = std::chrono::hours(1);
  options.reconnect.min_delay = std::chrono::milliseconds(1);
  options.reconnect.max_delay = std::chrono::milliseconds(20);
  options.connect_timeout = options.connack_timeout = options.request_timeout = patience;
  options.logger = std::make_shared<spdlog::logger>("test");
  return options;
}

/// The same for a broker whose Receive Maximum is `window`: one of MQTT 3.1.1 cannot say so.
inline Options quick_with_window(std::string server, std::uint16_t window) {
  Options options = quick(std::move(server));
  if (!over_mqtt_5()) options.in_flight_max = window;
  return options;
}

/// What connect() throws.
struct Refusal {
  std::error_code code;
  std::optional<ReasonCode> reason_code;
  std::string what;
};

/// Of a client's first connect(), which must not succeed.
inline Refusal refusal(const Options& options) {
  Client client(options);
  try {
    client.connect();
  } catch (const Error& error) {
    return {error.code(), error.reason_code(), error.what()};
  }
  FAIL("connected");
  return {};
}

/// The broker lets in nobody with this user name and password, or with none.
inline void check_credentials_refused(const Options& options) {
  const Refusal refused = refusal(options);
  CHECK(refused.code == Errc::connection_refused);
  CHECK(refused.reason_code == ReasonCode::not_authorized);
  CHECK(refused.what.find("password") != std::string::npos);
}

/// Skips to the next event of a kind; nothing if none comes.
template <typename Kind>
std::optional<Kind> wait_for(Client& client, std::chrono::milliseconds deadline = patience) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    const auto event = client.next_event(std::max(left, std::chrono::milliseconds(0)));
    if (!event) return std::nullopt;
    if (const auto* found = std::get_if<Kind>(&*event)) return *found;
  }
}

/// "first", "first + 1", ...: payloads that tell an order.
inline std::vector<std::string> numbers(std::size_t first, std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t number = first; number < first + count; ++number)
    texts.push_back(std::to_string(number));
  return texts;
}

inline std::vector<Delivery> publish_all(Client& client, const std::vector<std::string>& payloads, QoS qos,
                                         const std::string& topic = "t") {
  std::vector<Delivery> deliveries;
  for (const std::string& payload : payloads) {
    deliveries.push_back(client.publish(topic, payload, {.qos = qos}));
  }
  return deliveries;
}

/// How many ended without an error.
inline std::size_t succeeded(const std::vector<Delivery>& deliveries) {
  return static_cast<std::size_t>(std::count_if(
      deliveries.begin(), deliveries.end(),
      [](const Delivery& delivery) { return delivery.wait_for(patience) && !delivery.result().error; }));
}

/// The payloads of packets or accepted messages.
template <typename Messages>
std::vector<std::string> payloads_of(const Messages& messages) {
  std::vector<std::string> payloads;
  for (const auto& message : messages)
    payloads.push_back(message.payload);
  return payloads;
}

/// Each payload where it came first: what is left when repetitions are taken out.
inline std::vector<std::string> first_arrivals(const std::vector<std::string>& payloads) {
  std::vector<std::string> first;
  std::set<std::string> seen;
  for (const std::string& payload : payloads) {
    if (seen.insert(payload).second) first.push_back(payload);
  }
  return first;
}

/// Where two lists differ; empty if they are equal. For lists that are too long to be printed.
inline std::string difference(const std::vector<std::string>& found,
                              const std::vector<std::string>& expected) {
  const auto [left, right] = std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
  if (left == found.end() && right == expected.end()) return "";
  const auto shown = [](auto position, auto end) {
    return position == end ? std::string("the end") : '"' + position->substr(0, 20) + '"';
  };
  return "at " + std::to_string(left - found.begin()) + " of " + std::to_string(found.size()) + ": " +
         shown(left, found.end()) + " instead of " + shown(right, expected.end()) + " (" +
         std::to_string(expected.size()) + " expected)";
}

/// Takes messages until `count` came or nothing comes any more.
inline std::vector<std::string> receive_payloads(Client& client, std::size_t count) {
  std::vector<std::string> payloads;
  while (payloads.size() < count) {
    const auto message = client.receive(patience);
    if (!message) break;
    payloads.emplace_back(message->payload());
  }
  return payloads;
}

/// Returns once the broker has seen everything that the client had to send before: what should not have been
/// sent was not.
inline void synchronize(Client& client) {
  REQUIRE(client.publish("synchronize", "", {.qos = QoS::at_least_once}).wait_for(patience));
}

inline Behaviour with(const Properties& connack_properties) {
  Behaviour behaviour;
  behaviour.connack = connack_properties;
  return behaviour;
}

inline Behaviour with_receive_maximum(std::uint32_t receive_maximum) {
  return with(Properties().add(PropertyId::receive_maximum, receive_maximum));
}

/// From the first PUBLISH on it reads nothing: that one is lost, and the others fill the connection.
inline Behaviour deaf_from_first_publish() {
  Behaviour behaviour;
  behaviour.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::publish) return Verdict::proceed;
    connection.stop_reading();
    return Verdict::ignore;
  };
  return behaviour;
}

/// Does nothing with a packet of this type.
inline Hook ignoring(PacketType type) {
  return [type](BrokerConnection&, const Packet& packet) {
    return packet.type == type ? Verdict::ignore : Verdict::proceed;
  };
}

}  // namespace holdfast::support
