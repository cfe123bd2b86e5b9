// The TLS sessions of one client that can be resumed, and how often that was done.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "net/tls.hpp"
#include "net/tls_compat.hpp"
#include "net/tls_context.hpp"

namespace holdfast::net {

/// One thread.
class TlsSessions {
 public:
  /// Sessions made with other files are not trusted any more.
  void use(const std::shared_ptr<const TlsContext>& context) {
    if (context == context_) return;
    sessions_.clear();
    context_ = context;
  }
  /// nullptr if there is none.
  [[nodiscard]] const mbedtls_ssl_session* find(const std::string& endpoint) const {
    const auto found = sessions_.find(endpoint);
    return found == sessions_.end() ? nullptr : found->second->get();
  }
  void save(const std::string& endpoint, const std::shared_ptr<const TlsContext>& context,
            const mbedtls_ssl_context* connection) {
    if (context != context_ || !context->may_resume()) return;
    auto session = std::make_unique<tls_compat::Session>();
    if (mbedtls_ssl_get_session(connection, session->get()) != 0) return;
    // A hook may lead to ever new servers.
    constexpr std::size_t sessions_max = 64;
    if (sessions_.size() >= sessions_max) sessions_.clear();
    sessions_[endpoint] = std::move(session);
  }
  void forget(const std::string& endpoint) { sessions_.erase(endpoint); }

  TlsCounters counters;

 private:
  std::shared_ptr<const TlsContext> context_;
  std::map<std::string, std::unique_ptr<tls_compat::Session>> sessions_;
};

}  // namespace holdfast::net
