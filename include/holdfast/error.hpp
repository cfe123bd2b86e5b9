// What can go wrong, as one error category, and the exception that carries it.
//
// Three kinds of fault: the caller's (an invalid topic), the broker's (a malformed packet, a refusal) and the
// world's (a refused connection, a time-out). Every message says what was tried, what was found and what to
// do.
#pragma once

#include <optional>
#include <string>
#include <system_error>

#include <holdfast/reason_code.hpp>

namespace holdfast {

/// Why a call failed. Stored in std::error_code with error_category().
enum class Errc {
  // The caller's faults: nothing was sent, the client is as before.
  invalid_argument = 1,      ///< An option or argument breaks a rule of the standard or contradicts another.
  invalid_topic_name,        ///< Empty, too long, not UTF-8, or with a wildcard. [MQTT 5, 4.7]
  invalid_topic_filter,      ///< Empty, too long, not UTF-8, or a misplaced wildcard. [MQTT 5, 4.7, 4.8.2]
  packet_too_large,          ///< Above the broker's Maximum Packet Size. [MQTT 5, 3.2.2.3.6]
  qos_not_supported,         ///< Above the broker's Maximum QoS. [MQTT 5, 3.2.2.3.4]
  retain_not_supported,      ///< The broker has Retain Available 0. [MQTT 5, 3.2.2.3.5]
  wildcard_not_supported,    ///< The broker has Wildcard Subscription Available 0. [MQTT 5, 3.2.2.3.11]
  shared_not_supported,      ///< The broker has Shared Subscription Available 0. [MQTT 5, 3.2.2.3.13]
  identifier_not_supported,  ///< The broker has Subscription Identifiers Available 0. [MQTT 5, 3.2.2.3.12]
  not_in_protocol,           ///< MQTT 3.1.1, which is spoken here, does not have it. See Protocol.
  not_connected,             ///< The call needs a connection; or there was none for a QoS 0 message with
                             ///< Qos0Offline::drop.
  outbox_full,               ///< The outbox was full for the whole time-out.
  // The broker's.
  malformed_packet,       ///< The broker broke the standard; the connection was closed.
  connection_refused,     ///< CONNACK with a failure; see Error::reason_code(). [MQTT 5, 3.2.2.2]
  request_refused,        ///< A PUBACK, PUBREC or SUBACK with a failure; see reason_code().
  server_disconnected,    ///< The broker sent DISCONNECT; see reason_code(). [MQTT 5, 3.14]
  taken_over,             ///< Another client keeps connecting with the same Client Identifier.
  poison,                 ///< The broker closed the connection on this message again and again.
  authentication_failed,  ///< An exchange of AUTH packets failed: what() says why. [MQTT 5, 4.12]
  // The world's.
  timed_out,             ///< No answer within the time-out.
  connection_lost,       ///< The connection ended before the answer; the work goes on after a reconnect.
  host_not_found,        ///< The name of the broker did not resolve.
  connect_failed,        ///< No address of the broker accepted a connection.
  tls_failed,            ///< TLS broke or could not begin: what() says why.
  certificate_rejected,  ///< The broker's certificate is not to be trusted: what() says why.
  proxy_failed,          ///< The proxy did not let us through: what() says why.
  websocket_failed,      ///< The server did not switch to WebSocket, or broke its rules: what() says why.
  session_lost,          ///< The broker no longer has the session; the outcome is unknown.
  expired,               ///< The message expiry interval passed before the message was sent.
  closed,                ///< The client was disconnected or destroyed.
  store_failed,          ///< The session store cannot be read or written.
  // What the application asked for.
  dropped,     ///< The outbox was full and the message had to make room; see OutboxFull.
  superseded,  ///< A newer message of its topic took its place; see OutboxRule::keep_latest.
};

/// The category of Errc; a sentence per value.
[[nodiscard]] const std::error_category& error_category() noexcept;
/// So that an Errc is a std::error_code wherever one is wanted.
[[nodiscard]] std::error_code make_error_code(Errc code) noexcept;

/// What every throwing call throws. what() is one line for people.
class Error : public std::system_error {
 public:
  ///@{
  /// With a sentence for people, and what the broker said, if it did.
  Error(Errc code, const std::string& what);
  Error(Errc code, const std::string& what, ReasonCode reason, std::string reason_string);
  Error(std::error_code code, const std::string& what);
  ///@}

  /// One line for people: what was tried, what was found, what to do. Lives as long as the exception.
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }
  /// The broker's reason code, if the broker gave one.
  [[nodiscard]] std::optional<ReasonCode> reason_code() const noexcept { return reason_; }
  /// The broker's Reason String: for people, never to be parsed. [MQTT 5, 3.2.2.3.9]
  [[nodiscard]] const std::string& reason_string() const noexcept { return reason_string_; }

 private:
  std::string what_;
  std::optional<ReasonCode> reason_;
  std::string reason_string_;
};

}  // namespace holdfast

/// @cond
template <>
struct std::is_error_code_enum<holdfast::Errc> : std::true_type {};
/// @endcond
