#include "net/tls_key_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <span>
#include <utility>

#include "net/file_descriptor.hpp"
#include "net/transport_error.hpp"

namespace holdfast::net {

namespace {

constexpr std::size_t random_size = 32;

FileDescriptor open_for_append(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600));
}

std::string hexadecimal(std::span<const unsigned char> bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

#if MBEDTLS_VERSION_MAJOR >= 3

const char* label_of(mbedtls_ssl_key_export_type type) {
  switch (type) {
    case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET:
      return "CLIENT_RANDOM";
#ifdef MBEDTLS_SSL_PROTO_TLS1_3
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
      return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
      return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
      return "CLIENT_TRAFFIC_SECRET_0";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
      return "SERVER_TRAFFIC_SECRET_0";
#endif
    default:
      return nullptr;
  }
}

void export_key(void* log, mbedtls_ssl_key_export_type type, const unsigned char* secret,
                std::size_t secret_size, const unsigned char* client_random,
                const unsigned char* /*server_random*/, mbedtls_tls_prf_types /*function*/) {
  const char* label = label_of(type);
  if (label != nullptr) static_cast<const KeyLog*>(log)->write(label, client_random, secret, secret_size);
}

#else

int export_key(void* log, const unsigned char* secret, const unsigned char* /*key_block*/,
               std::size_t /*mac*/, std::size_t /*key*/, std::size_t /*iv*/,
               const unsigned char* client_random, const unsigned char* /*server_random*/,
               mbedtls_tls_prf_types /*function*/) {
  constexpr std::size_t master_secret_size = 48;
  static_cast<const KeyLog*>(log)->write("CLIENT_RANDOM", client_random, secret, master_secret_size);
  return 0;
}

#endif

}  // namespace

KeyLog::KeyLog(std::string path) : path_(std::move(path)) {
  if (path_.empty() || open_for_append(path_)) return;
  throw TransportError(TransportErrc::tls, "cannot write key_log_file \"" + path_ +
                                               "\": " + std::generic_category().message(errno));
}

// The one version wants it in the configuration, the other in the connection.
#if MBEDTLS_VERSION_MAJOR >= 3
void KeyLog::attach_to(mbedtls_ssl_config* /*config*/) const {}
void KeyLog::attach_to(mbedtls_ssl_context* connection) const {
  if (!path_.empty()) mbedtls_ssl_set_export_keys_cb(connection, export_key, const_cast<KeyLog*>(this));
}
#else
void KeyLog::attach_to(mbedtls_ssl_config* config) const {
  if (!path_.empty()) mbedtls_ssl_conf_export_keys_ext_cb(config, export_key, const_cast<KeyLog*>(this));
}
void KeyLog::attach_to(mbedtls_ssl_context* /*connection*/) const {}
#endif

void KeyLog::write(const char* label, const unsigned char* client_random, const unsigned char* secret,
                   std::size_t secret_size) const noexcept try {
  const std::string line = std::string(label) + ' ' + hexadecimal({client_random, random_size}) + ' ' +
                           hexadecimal({secret, secret_size}) + '\n';
  // One write a line, so that several processes may share the file. It is there for looking, not for living
  // on: a full disk is no reason to break the connection.
  const FileDescriptor file = open_for_append(path_);
  if (file) [[maybe_unused]]
    const auto written = ::write(file.get(), line.data(), line.size());
} catch (const std::exception&) {
  // No memory for a line: nothing can be thrown through mbedTLS.
}

}  // namespace holdfast::net
