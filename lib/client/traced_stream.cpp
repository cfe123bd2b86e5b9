#include "client/traced_stream.hpp"

#include <algorithm>
#include <array>

#include "client/trace_line.hpp"
#include "client/trace_mask.hpp"
#include "wire/packets.hpp"

namespace holdfast::client {

namespace {

using wire::PacketType;
using Body = std::span<const std::byte>;

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
  cutter_.feed(
      bytes, [&](const CutPacket& packet) { append_line(packet, now, lines); },
      [&](std::span<const std::byte> header) { append_malformed(header, now, lines); });
}

void TracedStream::reset(bool has_properties) {
  cutter_.reset();
  has_properties_ = has_properties;
}

void TracedStream::append_line(const CutPacket& packet, session::TimePoint now, std::string& lines) const {
  TraceLine line(lines, now, "packet");
  line.literal("direction", direction_).literal("type", packet.name());
  line.number("size", packet.header.size() + packet.remaining_length);
  if (const auto identifier = packet.packet_identifier()) line.number("id", *identifier);
  if (packet.type() == PacketType::publish) {
    line.number("qos", packet.qos());
    line.boolean("dup", packet.dup());
    line.boolean("retain", packet.retain());
  }
  if (const auto reason = packet.reason_code()) line.number("reason", *reason);
  line.begin("raw");
  append_raw(packet, lines);
}

// Two digits a byte, or two asterisks for one that is masked.
void TracedStream::append_raw(const CutPacket& packet, std::string& lines) const {
  const Body shown = packet.body.first(shown_of_body(packet));
  lines += '"';
  append_hexadecimal(lines, packet.header);
  std::size_t from = 0;
  for (const MaskedBytes& masked :
       masked_bytes(packet.type(), {shown, packet.remaining_length}, payload_max_)) {
    append_hexadecimal(lines, shown.subspan(from, masked.begin - from));
    lines.append(2 * (masked.end - masked.begin), '*');
    from = masked.end;
  }
  append_hexadecimal(lines, shown.subspan(from));
  lines += '"';
}

// Of a PUBLISH, up to the end of what is shown of its payload; what is no packet at all may be some of one.
std::size_t TracedStream::shown_of_body(const CutPacket& packet) const {
  if (packet.type() == PacketType{}) return std::min(payload_max_, packet.body.size());
  if (packet.type() != PacketType::publish) return packet.body.size();
  return shown_of_publish({packet.body, packet.remaining_length}, packet.qos() != 0, has_properties_,
                          payload_max_);
}

void TracedStream::append_malformed(std::span<const std::byte> header, session::TimePoint now,
                                    std::string& lines) const {
  TraceLine line(lines, now, "malformed");
  line.literal("direction", direction_);
  line.begin("raw");
  lines += '"';
  append_hexadecimal(lines, header);
  lines += '"';
}

}  // namespace holdfast::client
