// SOCKS5 (RFC 1928) with its log-in by user name and password (RFC 1929): the handshake with a SOCKS proxy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "net/handshake.hpp"
#include "net/proxy.hpp"

namespace holdfast::net {

class Socks5 final : public Handshake {
 public:
  /// User name and password have at most 255 bytes each, and the host, too.
  Socks5(const ProxyUrl& proxy, const std::string& host, std::uint16_t port);

  void begin(std::string& output) override;
  Step take(std::string_view& input, std::string& output) override;
  [[nodiscard]] std::string fault() const override { return fault_; }
  [[nodiscard]] const char* doubt() const noexcept override { return "is this a SOCKS5 proxy?"; }

 private:
  /// Which answer is awaited.
  enum class Awaited : std::uint8_t {
    method,  ///< Which log-in the proxy wants. [log_in, reply]
    log_in,  ///< Whether it takes ours. [reply]
    reply,   ///< Whether it has connected.
  };

  [[nodiscard]] std::size_t answer_size() const;
  [[nodiscard]] Step take_answer(std::string& output);
  [[nodiscard]] Step take_method(std::string& output);
  [[nodiscard]] Step take_log_in(std::string& output);
  [[nodiscard]] Step take_reply();
  void ask_connect(std::string& output);
  [[nodiscard]] std::uint8_t byte(std::size_t index) const {
    return static_cast<std::uint8_t>(answer_[index]);
  }
  Step refuse(std::string why);

  const std::optional<std::string> user_name_;
  const std::string password_;
  const std::string host_;
  const std::uint16_t port_;
  Awaited awaited_ = Awaited::method;
  std::string answer_;
  std::string fault_;
};

}  // namespace holdfast::net
