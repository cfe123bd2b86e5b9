// What a build without TLS says of it.
#include <stdexcept>

#include "net/tls.hpp"

namespace holdfast::net {

namespace {
constexpr const char* absent =
    "TLS: this build of Holdfast has none: build it with HOLDFAST_TLS, or use mqtt:// or ws://";
}

class TlsContext {};
struct Tls::State {};

void check_tls(const TlsOptions&) {
  throw std::invalid_argument(absent);
}
Tls::Tls(TlsOptions) {}
Tls::~Tls() = default;
std::shared_ptr<const TlsContext> Tls::prepare() {
  throw std::invalid_argument(absent);
}
std::unique_ptr<ByteStream> Tls::over(std::unique_ptr<ByteStream>, std::shared_ptr<const TlsContext>,
                                      const std::string&, const std::string&) {
  throw std::invalid_argument(absent);
}
TlsCounters Tls::counters() const noexcept {
  return {};
}

}  // namespace holdfast::net
