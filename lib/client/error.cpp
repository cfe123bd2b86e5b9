#include <holdfast/error.hpp>

#include <utility>

namespace holdfast {

namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "holdfast"; }
  [[nodiscard]] std::string message(int value) const override { return sentence(static_cast<Errc>(value)); }

 private:
  // No default: the compiler finds a value without its sentence.
  static const char* sentence(Errc code) noexcept {
    switch (code) {
      case Errc::invalid_argument:
        return "an argument breaks a rule or contradicts another";
      case Errc::invalid_topic_name:
        return "not a valid topic name";
      case Errc::invalid_topic_filter:
        return "not a valid topic filter";
      case Errc::packet_too_large:
        return "larger than the broker's Maximum Packet Size";
      case Errc::qos_not_supported:
        return "above the broker's Maximum QoS";
      case Errc::retain_not_supported:
        return "the broker keeps no retained messages";
      case Errc::wildcard_not_supported:
        return "the broker has no wildcard subscriptions";
      case Errc::shared_not_supported:
        return "the broker has no shared subscriptions";
      case Errc::identifier_not_supported:
        return "the broker has no subscription identifiers";
      case Errc::not_in_protocol:
        return "not to be had in MQTT 3.1.1";
      case Errc::not_connected:
        return "not connected";
      case Errc::outbox_full:
        return "the outbox is full";
      case Errc::malformed_packet:
        return "the broker broke the protocol";
      case Errc::connection_refused:
        return "the broker refused the connection";
      case Errc::request_refused:
        return "the broker refused the request";
      case Errc::server_disconnected:
        return "the broker disconnected us";
      case Errc::taken_over:
        return "another client took the session over";
      case Errc::poison:
        return "the broker closes the connection on this message";
      case Errc::timed_out:
        return "timed out";
      case Errc::connection_lost:
        return "the connection was lost";
      case Errc::host_not_found:
        return "the host name was not found";
      case Errc::connect_failed:
        return "no connection to the broker";
      case Errc::tls_failed:
        return "TLS failed";
      case Errc::certificate_rejected:
        return "the broker's certificate is not trusted";
      case Errc::proxy_failed:
        return "the proxy did not let us through";
      case Errc::websocket_failed:
        return "WebSocket failed";
      case Errc::session_lost:
        return "the broker lost the session, the outcome is unknown";
      case Errc::expired:
        return "expired before it was sent";
      case Errc::closed:
        return "the client is disconnected or destroyed";
      case Errc::store_failed:
        return "the session store failed";
      case Errc::dropped:
        return "dropped from a full outbox";
      case Errc::superseded:
        return "superseded by a newer message of its topic";
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

Error::Error(Errc code, const std::string& what) : Error(make_error_code(code), what) {}

Error::Error(Errc code, const std::string& what, ReasonCode reason, std::string reason_string)
    : Error(make_error_code(code), what) {
  reason_ = reason;
  reason_string_ = std::move(reason_string);
}

Error::Error(std::error_code code, const std::string& what) : std::system_error(code), what_(what) {}

}  // namespace holdfast
