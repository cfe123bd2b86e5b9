#include "client/traced_stream.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <limits>
#include <optional>

namespace holdfast::client {

namespace {

constexpr std::array<std::string_view, 16> names{
    "reserved",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
enum : std::size_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubcomp = 7,
  unsuback = 11,
  disconnect = 14,
  auth = 15
};
constexpr std::size_t length_bytes_max = 4;
// Up to and with Keep Alive, in both versions: protocol name, version, flags. [MQTT 5, 3.1.2]
constexpr std::size_t connect_shown = 10;

using Body = std::span<const std::byte>;

std::optional<unsigned> two_bytes(Body body, std::size_t at) {
  if (body.size() < at + 2) return std::nullopt;
  return std::to_integer<unsigned>(body[at]) << 8U | std::to_integer<unsigned>(body[at + 1]);
}

std::optional<unsigned> packet_identifier(std::size_t type, unsigned qos, Body body) {
  if (type >= puback && type <= unsuback) return two_bytes(body, 0);
  if (type != publish || qos == 0) return std::nullopt;
  const auto topic_size = two_bytes(body, 0);
  return topic_size ? two_bytes(body, 2 + *topic_size) : std::nullopt;
}

std::optional<unsigned> reason_code(std::size_t type, Body body) {
  std::size_t at = std::numeric_limits<std::size_t>::max();
  if (type == connack) at = 1;
  if (type >= puback && type <= pubcomp) at = 2;
  if (type == disconnect || type == auth) at = 0;
  if (at >= body.size()) return std::nullopt;
  return std::to_integer<unsigned>(body[at]);
}

// Where the first field begins that may hold a secret.
std::size_t secret_from(std::size_t type) {
  if (type == connect) return connect_shown;
  if (type == connack) return 2;
  if (type == auth) return 1;
  return std::numeric_limits<std::size_t>::max();
}

}  // namespace

void TracedStream::feed(std::span<const std::byte> bytes, session::TimePoint now, std::string& lines) {
  while (!bytes.empty() && !malformed_) {
    if (header_size_ == 0) {
      const std::byte next = bytes.front();
      bytes = bytes.subspan(1);
      front_.push_back(next);
      if (front_.size() == 1 || !read_remaining_length(next)) continue;
    } else {
      const std::size_t taken = std::min(remaining_, bytes.size());
      const std::size_t room = header_size_ + shown_max - front_.size();
      const auto kept = bytes.first(std::min(taken, room));
      front_.insert(front_.end(), kept.begin(), kept.end());
      remaining_ -= taken;
      bytes = bytes.subspan(taken);
    }
    if (remaining_ != 0) continue;
    append_line(now, lines);
    reset();
  }
}

void TracedStream::reset() {
  front_.clear();
  header_size_ = remaining_ = remaining_length_ = 0;
  malformed_ = false;
}

// Whether that was its last byte.
bool TracedStream::read_remaining_length(std::byte next) {
  const std::size_t position = front_.size() - 2;
  remaining_length_ |= std::to_integer<std::size_t>(next & std::byte{0x7F}) << (7 * position);
  if ((next & std::byte{0x80}) != std::byte{0}) {
    malformed_ = position + 1 == length_bytes_max;
    return false;
  }
  header_size_ = front_.size();
  remaining_ = remaining_length_;
  return true;
}

void TracedStream::append_line(session::TimePoint now, std::string& lines) const {
  const auto first = std::to_integer<unsigned>(front_.front());
  const std::size_t type = first >> 4U;
  const unsigned qos = first >> 1U & 3U;
  const Body body = Body(front_).subspan(header_size_);
  const std::chrono::duration<double> since = now.time_since_epoch();
  auto out = std::back_inserter(lines);
  fmt::format_to(out, R"({{"t":{:.6f},"event":"packet","direction":"{}","type":"{}","size":{})",
                 since.count(), direction_, names[type], header_size_ + remaining_length_);
  if (const auto identifier = packet_identifier(type, qos, body))
    fmt::format_to(out, R"(,"id":{})", *identifier);
  if (type == publish)
    fmt::format_to(out, R"(,"qos":{},"dup":{},"retain":{})", qos, (first & 8U) != 0, (first & 1U) != 0);
  if (const auto reason = reason_code(type, body)) fmt::format_to(out, R"(,"reason":{})", *reason);
  if (remaining_length_ > secret_from(type)) lines += R"(,"masked":true)";
  lines += R"(,"raw":")";
  const std::size_t shown = std::min({body.size(), secret_from(type), shown_max - header_size_});
  for (const std::byte byte : Body(front_).first(header_size_ + shown))
    fmt::format_to(out, "{:02x}", std::to_integer<unsigned>(byte));
  lines += "\"}\n";
}

}  // namespace holdfast::client
