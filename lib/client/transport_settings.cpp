#include "client/transport_settings.hpp"

#include <holdfast/error.hpp>

#include "net/resolver.hpp"
#include "net/transport_error.hpp"

namespace holdfast::client {

net::TcpOptions to_net(const TcpSettings& settings) {
  return {settings.no_delay,       settings.keep_alive,   settings.user_timeout, settings.send_buffer,
          settings.receive_buffer, settings.bind_address, settings.bind_device};
}

net::TlsOptions to_net(const TlsSettings& settings) {
  net::TlsOptions options;
  options.ca_file = settings.ca_file;
  options.ca_directory = settings.ca_directory;
  options.ca_pem = settings.ca_pem;
  options.crl_file = settings.crl_file;
  options.server_name = settings.server_name;
  options.verify_host = settings.verify_host;
  options.certificate_file = settings.certificate_file;
  options.certificate_pem = settings.certificate_pem;
  options.key_file = settings.key_file;
  options.key_pem = settings.key_pem;
  options.key_password = settings.key_password;
  options.psk_identity = settings.psk_identity;
  options.psk = settings.psk;
  options.at_least_tls_1_3 = settings.minimum_version == TlsVersion::tls_1_3;
  options.ciphers = settings.ciphers;
  options.alpn = settings.alpn;
  options.session_resumption = settings.session_resumption;
  options.key_log_file = settings.key_log_file;
  return options;
}

std::error_code public_error(std::error_code error) noexcept {
  if (error.category() == net::resolver_category()) return Errc::host_not_found;
  if (error.category() != net::transport_category()) return error;
  switch (static_cast<net::TransportErrc>(error.value())) {
    case net::TransportErrc::tls:
      return Errc::tls_failed;
    case net::TransportErrc::certificate:
      return Errc::certificate_rejected;
    case net::TransportErrc::proxy:
      return Errc::proxy_failed;
    case net::TransportErrc::websocket:
      return Errc::websocket_failed;
  }
  return error;
}

}  // namespace holdfast::client
