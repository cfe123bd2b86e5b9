// The head of an HTTP/1.x response (RFC 9112): status line and header lines, as proxies and WebSocket servers
// send them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::net {

/// Fed with bytes in any split. Interim responses (1xx, but 101) are passed over.
class HttpHead {
 public:
  enum class Step : std::uint8_t {
    need_more,
    complete,
    malformed,  ///< fault() says why.
  };
  /// All that we take of a head, interim ones included; no server that we know of sends half of it.
  static constexpr std::size_t size_max = std::size_t{16} << 10;

  /// Takes from `input` what belongs to the head and no more.
  Step feed(std::string_view& input);

  [[nodiscard]] int status() const noexcept { return status_; }
  /// `403 Forbidden`, fit to be shown.
  [[nodiscard]] std::string status_text() const;
  /// The values of all lines of that name, joined by commas; nothing without such a line.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  /// One clause.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  [[nodiscard]] Step take_line(std::string_view line);
  [[nodiscard]] Step take_status_line(std::string_view line);
  [[nodiscard]] Step take_header_line(std::string_view line);
  Step refuse(std::string_view why);

  std::string line_;
  std::size_t size_ = 0;
  int status_ = 0;
  std::string reason_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string fault_;
};

/// Whether that is a token, as names of methods and headers are. [RFC 9110, 5.6.2]
[[nodiscard]] bool is_http_token(std::string_view text) noexcept;
/// Whether a header line can carry it: no line breaks or other control characters, but tabs.
[[nodiscard]] bool is_http_value(std::string_view text) noexcept;

}  // namespace holdfast::net
