#include "client/traced_stream.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "client/trace_line.hpp"
#include "client/trace_mask.hpp"
#include "wire/packets.hpp"
#include "wire/reader.hpp"

namespace holdfast::client {

namespace {

using wire::PacketType;
using Body = std::span<const std::byte>;

constexpr std::array<std::string_view, 16> names{
    "reserved",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
constexpr std::size_t length_bytes_max = 4;

constexpr unsigned qos_of(std::byte first) {
  return std::to_integer<unsigned>(first) >> 1U & 3U;
}

std::optional<std::uint16_t> packet_identifier(PacketType type, unsigned qos, Body body) {
  wire::Reader reader(body);
  if (type == PacketType::publish) {
    if (qos == 0) return std::nullopt;
    reader.string();
  } else if (type < PacketType::puback || type > PacketType::unsuback) {
    return std::nullopt;
  }
  const std::uint16_t identifier = reader.two_bytes();
  return reader.failed() ? std::nullopt : std::optional(identifier);
}

std::optional<unsigned> reason_code(PacketType type, Body body) {
  std::size_t at = body.size();
  if (type == PacketType::connack) at = 1;
  if (type >= PacketType::puback && type <= PacketType::pubcomp) at = 2;
  if (type == PacketType::disconnect || type == PacketType::auth) at = 0;
  if (at >= body.size()) return std::nullopt;
  return std::to_integer<unsigned>(body[at]);
}

constexpr std::array<std::array<char, 2>, 256> hexadecimal = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t value = 0; value < pairs.size(); ++value)
    pairs[value] = {digits[value >> 4U], digits[value & 0xFU]};
  return pairs;
}();

void append_hexadecimal(std::string& out, Body bytes) {
  const std::size_t before = out.size();
  out.resize(before + 2 * bytes.size());
  char* digits = out.data() + before;
  for (const std::byte byte : bytes)
    digits = std::copy_n(hexadecimal[std::to_integer<std::size_t>(byte)].data(), 2, digits);
}

}  // namespace

void TracedStream::feed(std::span<const std::byte> bytes, session::TimePoint now, std::string& lines) {
  while (!bytes.empty() && !malformed_) {
    if (header_size_ == 0) {
      const std::byte next = bytes.front();
      bytes = bytes.subspan(1);
      front_.push_back(next);
      const bool complete = front_.size() != 1 && read_remaining_length(next);
      if (malformed_) append_malformed(now, lines);
      if (!complete) continue;
    } else {
      const std::size_t taken = std::min(remaining_, bytes.size());
      const std::size_t room = shown_max - front_.size();
      const auto kept = bytes.first(std::min(taken, room));
      front_.insert(front_.end(), kept.begin(), kept.end());
      remaining_ -= taken;
      bytes = bytes.subspan(taken);
    }
    if (remaining_ != 0) continue;
    append_line(now, lines);
    begin_packet();
  }
}

void TracedStream::reset(bool has_properties) {
  begin_packet();
  has_properties_ = has_properties;
  malformed_ = false;
}

void TracedStream::begin_packet() {
  front_.clear();
  header_size_ = remaining_ = remaining_length_ = 0;
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
  const std::byte first = front_.front();
  const auto type = static_cast<PacketType>(std::to_integer<std::uint8_t>(first >> 4));
  TraceLine line(lines, now, "packet");
  line.literal("direction", direction_).literal("type", names[static_cast<std::size_t>(type)]);
  line.number("size", header_size_ + remaining_length_);
  if (const auto identifier = packet_identifier(type, qos_of(first), body())) line.number("id", *identifier);
  if (type == PacketType::publish) {
    line.number("qos", qos_of(first));
    line.boolean("dup", (first & std::byte{8}) != std::byte{0});
    line.boolean("retain", (first & std::byte{1}) != std::byte{0});
  }
  if (const auto reason = reason_code(type, body())) line.number("reason", *reason);
  line.begin("raw");
  append_raw(lines);
}

// Two digits a byte, or two asterisks for one that is masked.
void TracedStream::append_raw(std::string& lines) const {
  const auto type = static_cast<PacketType>(std::to_integer<std::uint8_t>(front_.front() >> 4));
  const Body shown = body().first(shown_of_body());
  lines += '"';
  append_hexadecimal(lines, Body(front_).first(header_size_));
  std::size_t from = 0;
  for (const MaskedBytes& masked : masked_bytes(type, {shown, remaining_length_}, payload_max_)) {
    append_hexadecimal(lines, shown.subspan(from, masked.begin - from));
    lines.append(2 * (masked.end - masked.begin), '*');
    from = masked.end;
  }
  append_hexadecimal(lines, shown.subspan(from));
  lines += '"';
}

// Of a PUBLISH, up to the end of what is shown of its payload; what is no packet at all may be some of one.
std::size_t TracedStream::shown_of_body() const {
  const auto type = static_cast<PacketType>(std::to_integer<std::uint8_t>(front_.front() >> 4));
  if (type == PacketType{}) return std::min(payload_max_, body().size());
  if (type != PacketType::publish) return body().size();
  return shown_of_publish({body(), remaining_length_}, qos_of(front_.front()) != 0, has_properties_,
                          payload_max_);
}

void TracedStream::append_malformed(session::TimePoint now, std::string& lines) const {
  TraceLine line(lines, now, "malformed");
  line.literal("direction", direction_);
  line.begin("raw");
  lines += '"';
  append_hexadecimal(lines, front_);
  lines += '"';
}

}  // namespace holdfast::client
