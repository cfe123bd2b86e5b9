#include "net/proxy.hpp"

#include <stdexcept>

namespace holdfast::net {

ProxyUrl ProxyUrl::parse(std::string_view text) {
  throw std::invalid_argument("proxy \"" + std::string(text) + "\": to be written");
}
std::optional<ProxyUrl> proxy_from_environment(std::string_view, std::string_view) {
  return std::nullopt;
}
std::unique_ptr<ByteStream> proxy_over(std::unique_ptr<ByteStream> below, const ProxyUrl&, const std::string&,
                                       std::uint16_t) {
  return below;
}

}  // namespace holdfast::net
