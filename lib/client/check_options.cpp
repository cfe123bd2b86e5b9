#include "client/check_options.hpp"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <holdfast/error.hpp>

#include "client/check_argument.hpp"
#include "client/transport_settings.hpp"
#include "net/proxy.hpp"
#include "net/server_url.hpp"
#include "session/protocol_limits.hpp"
#include "wire/topic.hpp"

namespace holdfast::client {

namespace {

constexpr unsigned fastest_replay = 1'000'000;
constexpr std::uint64_t smallest_trace = std::uint64_t{128} << 10;

void check_expiry(const Options& options) {
  const auto& in_properties = options.connect_properties.session_expiry_interval;
  require(!options.session_expiry || !in_properties || *options.session_expiry == *in_properties, [] {
    return "session_expiry and connect_properties.session_expiry_interval differ: set one of them";
  });
  require_seconds("session_expiry", options.session_expiry);
  require_seconds("session_expiry_interval", in_properties);
}

void check_connect_properties(const ConnectProperties& properties) {
  require(properties.receive_maximum != 0,
          [] { return "receive_maximum: 0 is not allowed: use 1 to 65535"; });
  require(properties.maximum_packet_size != 0U,
          [] { return "maximum_packet_size: 0 is not allowed: leave it out for no limit"; });
  require(!properties.authentication_data || properties.authentication_method,
          [] { return "authentication_data without authentication_method: set the method too"; });
  if (properties.authentication_method)
    require_utf8("authentication_method", *properties.authentication_method);
  if (properties.authentication_data) require_binary("authentication_data", *properties.authentication_data);
  require_user_properties(properties.user_properties);
}

void check_authenticator(const Options& options) {
  if (!options.authenticator) return;
  require(!options.connect_properties.authentication_method,
          [] { return "authenticator and connect_properties.authentication_method: set one of them"; });
  const std::string method = options.authenticator->method();
  require_utf8("authenticator's method", method);
  require(!method.empty(), [] { return "authenticator's method: must have a name"; });
}

void check_will(const Will& will, bool check_payload_format) {
  require(wire::is_valid_topic_name(will.topic), [&] {
    return "will.topic \"" + printable(will.topic) +
           "\": not a topic name: UTF-8, not empty, without + and #";
  });
  require_qos("will.qos", will.qos);
  require_binary("will.payload", will.payload);
  if (will.payload_is_utf8 && check_payload_format) require_text("will.payload", will.payload);
  require_seconds("will.will_delay_interval", will.will_delay_interval);
  require_seconds("will.message_expiry_interval", will.message_expiry_interval);
  if (will.content_type) require_utf8("will.content_type", *will.content_type);
  if (will.response_topic) require_response_topic("will.response_topic", *will.response_topic);
  if (will.correlation_data) require_binary("will.correlation_data", *will.correlation_data);
  require_user_properties(will.user_properties);
}

void check_server(const std::string& server, const Options& options) {
  try {
    const auto url = net::ServerUrl::parse(server);
    if (url.user_name) require_utf8("user name in server", *url.user_name);
    if (url.password) require_binary("password in server", *url.password);
    if (url.is_secure()) net::check_tls(to_net(options.tls));
    // Headers without a WebSocket, too: a hook or a redirection may lead to one.
    if (url.is_websocket() || !options.websocket.headers.empty())
      net::check_websocket({url.authority(), url.path, options.websocket.headers});
  } catch (const std::invalid_argument& error) {
    throw Error(Errc::invalid_argument, error.what());
  }
}

void check_proxy(const std::string& proxy) {
  if (proxy.empty()) return;
  try {
    static_cast<void>(net::ProxyUrl::parse(proxy));
  } catch (const std::invalid_argument& error) {
    throw Error(Errc::invalid_argument, error.what());
  }
}

// Where a hook may still mend it, each attempt is checked.
void check_3_1_1(const Options& options) {
  auto what = session::not_in_3_1_1(options);
  if (!what && !options.before_connect) {
    std::optional<std::string> user_name = options.user_name;
    const auto servers = options.servers.empty() ? std::vector{options.server} : options.servers;
    for (const std::string& server : servers) {
      if (!user_name) user_name = net::ServerUrl::parse(server).user_name;
    }
    what = session::not_in_3_1_1(user_name, options.password, options.will);
  }
  if (what) throw Error(Errc::not_in_protocol, *what);
}

void check_times(const Options& options) {
  using namespace std::chrono_literals;
  require(options.keep_alive >= 0s && options.keep_alive <= 65535s,
          [] { return "keep_alive: 0 (off) to 65535 seconds"; });
  const std::initializer_list<std::pair<const char*, std::chrono::milliseconds>> positive = {
      {"connect_timeout", options.connect_timeout},
      {"handshake_timeout", options.handshake_timeout},
      {"connack_timeout", options.connack_timeout},
      {"write_timeout", options.write_timeout},
      {"request_timeout", options.request_timeout},
      {"close_timeout", options.close_timeout},
      {"reconnect.min_delay", options.reconnect.min_delay},
      {"ping_timeout", options.ping_timeout.value_or(1ms)},
      {"acknowledgement_timeout", options.acknowledgement_timeout.value_or(1ms)}};
  for (const auto& [name, value] : positive) {
    require(value > 0ms, [option = name] { return std::string(option) + ": must be longer than nothing"; });
  }
  require(options.publish_timeout >= 0ms, [] { return "publish_timeout: must not be negative"; });
  require(options.reconnect.stable_after >= 0ms,
          [] { return "reconnect.stable_after: must not be negative"; });
  require(options.reconnect.max_delay >= options.reconnect.min_delay,
          [] { return "reconnect.max_delay is below reconnect.min_delay: raise it"; });
}

void check_tcp(const TcpSettings& tcp) {
  using namespace std::chrono_literals;
  constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
  require(!tcp.user_timeout || (*tcp.user_timeout >= 0ms && *tcp.user_timeout <= longest),
          [] { return "tcp.user_timeout: 0 (the system's) to 2147483647 ms (24 days)"; });
  require(tcp.send_buffer.value_or(1) > 0, [] { return "tcp.send_buffer: must be at least 1 byte"; });
  require(tcp.receive_buffer.value_or(1) > 0, [] { return "tcp.receive_buffer: must be at least 1 byte"; });
}

}  // namespace

void check(const Attempt& attempt, bool check_payload_format) {
  if (attempt.user_name) require_utf8("user_name", *attempt.user_name);
  if (attempt.password) require_binary("password", *attempt.password);
  if (attempt.will) check_will(*attempt.will, check_payload_format);
}

void check(const Options& options) {
  if (options.servers.empty()) check_server(options.server, options);
  for (const std::string& server : options.servers)
    check_server(server, options);
  check_proxy(options.proxy);
  require_utf8("client_id", options.client_id);
  if (options.user_name) require_utf8("user_name", *options.user_name);
  if (options.password) require_binary("password", *options.password);
  check_expiry(options);
  check_connect_properties(options.connect_properties);
  check_authenticator(options);
  if (options.will) check_will(*options.will, options.check_payload_format);
  if (!options.response_topic.empty()) {
    require(wire::is_valid_topic_name(options.response_topic), [&] {
      return "response_topic \"" + printable(options.response_topic) +
             "\": not a topic name: UTF-8, not empty, without + and #";
    });
  }
  check_times(options);
  check_tcp(options.tcp);
  require(options.outbox_messages_max > 0, [] { return "outbox_messages_max: must be at least 1"; });
  require(options.outbox_bytes_max > 0, [] { return "outbox_bytes_max: must be at least 1"; });
  require(options.inbox_messages_max > 0, [] { return "inbox_messages_max: must be at least 1"; });
  require(options.inbox_bytes_max > 0, [] { return "inbox_bytes_max: must be at least 1"; });
  require(options.in_flight_max > 0, [] { return "in_flight_max: must be at least 1"; });
  require(options.replay_rate <= fastest_replay,
          [] { return "replay_rate: at most 1000000 messages a second; 0 for no limit"; });
  require(options.trace_bytes_max == 0 || options.trace_bytes_max >= smallest_trace,
          [] { return "trace_bytes_max: at least 131072 bytes (128 KiB); 0 for no limit"; });
  require(options.start != Start::resume || !options.client_id.empty(),
          [] { return "Start::resume without client_id: a session belongs to a client id: set one"; });
  require(options.store || options.publish_returns != PublishReturns::stored,
          [] { return "publish_returns = stored without store: set a store"; });
  for (const OutboxRule& rule : options.outbox_rules) {
    require(is_valid_topic_filter(rule.filter), [&] {
      return "outbox_rules: \"" + printable(rule.filter) + "\" is not a topic filter [MQTT 5, 4.7]";
    });
  }
  require(options.store || options.qos0_offline != Qos0Offline::store,
          [] { return "qos0_offline = store without store: set a store"; });
  require(!options.store || !options.client_id.empty(),
          [] { return "store without client_id: the stored session is found by its client id: set one"; });
  require(options.protocol <= Protocol::automatic,
          [] { return "protocol: must be mqtt_5, mqtt_3_1_1 or automatic"; });
  if (options.protocol == Protocol::mqtt_3_1_1) check_3_1_1(options);
}

void check(const DisconnectOptions& options, std::chrono::seconds asked_expiry) {
  switch (options.reason) {
    case ReasonCode::success:
    case ReasonCode::disconnect_with_will_message:
    case ReasonCode::unspecified_error:
    case ReasonCode::malformed_packet:
    case ReasonCode::protocol_error:
    case ReasonCode::implementation_specific_error:
    case ReasonCode::topic_name_invalid:
    case ReasonCode::receive_maximum_exceeded:
    case ReasonCode::topic_alias_invalid:
    case ReasonCode::packet_too_large:
    case ReasonCode::message_rate_too_high:
    case ReasonCode::quota_exceeded:
    case ReasonCode::administrative_action:
    case ReasonCode::payload_format_invalid:
    case ReasonCode::qos_not_supported:
      break;
    default:
      require(false, [&] {
        return "disconnect: a client may not send the reason " + std::string(to_string(options.reason)) +
               " [MQTT 5, 3.14.2.1]";
      });
  }
  require(options.drain.count() >= 0, [] { return "disconnect: drain must not be negative"; });
  require_seconds("session_expiry_interval", options.session_expiry_interval);
  const bool revives =
      options.session_expiry_interval.value_or(asked_expiry).count() != 0 && asked_expiry.count() == 0;
  require(!revives, [] {
    return "disconnect: session_expiry_interval must stay 0, since the connection began with 0: set "
           "session_expiry in "
           "Options [MQTT 5, 3.14.2.2.2]";
  });
  if (options.reason_string) require_utf8("reason_string", *options.reason_string);
  require_user_properties(options.user_properties);
}

void check(ReasonCode reason, const AcknowledgementProperties& properties) {
  switch (reason) {
    case ReasonCode::success:
    case ReasonCode::unspecified_error:
    case ReasonCode::implementation_specific_error:
    case ReasonCode::not_authorized:
    case ReasonCode::topic_name_invalid:
    case ReasonCode::packet_identifier_in_use:
    case ReasonCode::quota_exceeded:
    case ReasonCode::payload_format_invalid:
      break;
    default:
      require(false, [&] {
        return "ack: a client may not acknowledge with the reason " + std::string(to_string(reason)) +
               ": use success, or an error of PUBACK and PUBREC [MQTT 5, 3.4.2.1]";
      });
  }
  if (properties.reason_string) require_utf8("reason_string", *properties.reason_string);
  require_user_properties(properties.user_properties);
}

}  // namespace holdfast::client
