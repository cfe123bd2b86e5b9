// The engine as a client of MQTT 3.1.1, and what the tests of its requirements say to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "unit/session/engine_under_test.hpp"

namespace holdfast::session {

inline Options older_client() {
  Options options = hour_long_session();
  options.protocol = Protocol::mqtt_3_1_1;
  return options;
}

/// The same without a session: Clean Session 1.
inline Options clean_client() {
  Options options = older_client();
  options.session_expiry.reset();
  return options;
}

/// A packet of MQTT 5 as 3.1.1 writes it.
inline std::string older(std::string_view packet) {
  return support::in_3_1_1(packet);
}

inline std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values)
    text.push_back(static_cast<char>(value));
  return text;
}

inline std::string connack_with(int flags, int return_code) {
  return bytes({0x20, 2, flags, return_code});
}

inline std::string publish_to(std::string_view topic, QoS qos = QoS::at_most_once,
                              std::uint16_t packet_identifier = 0, bool dup = false) {
  return older(support::publish(std::string(topic), "x", qos, packet_identifier, dup));
}

inline SubscriptionRequest wish_for(const std::vector<std::string>& filters, QoS qos = QoS::exactly_once) {
  SubscriptionRequest request;
  request.ticket = 1;
  for (const std::string& filter : filters)
    request.subscriptions.push_back({filter, {.qos = qos}});
  return request;
}

inline SubscriptionRequest end_of(const std::vector<std::string>& filters) {
  SubscriptionRequest request = wish_for(filters);
  request.kind = SubscriptionRequest::Kind::unsubscribe;
  return request;
}

}  // namespace holdfast::session
