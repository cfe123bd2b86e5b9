#include "client/packet_cutter.hpp"

#include <array>

#include "wire/reader.hpp"

namespace holdfast::client {

namespace {

using wire::PacketType;

constexpr std::array<std::string_view, 16> names{
    "reserved",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
constexpr std::size_t length_bytes_max = 4;

}  // namespace

PacketType CutPacket::type() const noexcept {
  return static_cast<PacketType>(std::to_integer<std::uint8_t>(header.front() >> 4));
}

std::string_view CutPacket::name() const noexcept {
  return names[static_cast<std::size_t>(type())];
}

unsigned CutPacket::qos() const noexcept {
  return std::to_integer<unsigned>(header.front()) >> 1U & 3U;
}

std::optional<std::uint16_t> CutPacket::packet_identifier() const {
  wire::Reader reader(body);
  if (type() == PacketType::publish) {
    if (qos() == 0) return std::nullopt;
    reader.string();
  } else if (type() < PacketType::puback || type() > PacketType::unsuback) {
    return std::nullopt;
  }
  const std::uint16_t identifier = reader.two_bytes();
  return reader.failed() ? std::nullopt : std::optional(identifier);
}

std::optional<unsigned> CutPacket::reason_code() const {
  std::size_t at = body.size();
  if (type() == PacketType::connack) at = 1;
  if (type() >= PacketType::puback && type() <= PacketType::pubcomp) at = 2;
  if (type() == PacketType::disconnect || type() == PacketType::auth) at = 0;
  if (at >= body.size()) return std::nullopt;
  return std::to_integer<unsigned>(body[at]);
}

void PacketCutter::reset() {
  begin_packet();
  malformed_ = false;
}

void PacketCutter::begin_packet() {
  kept_.clear();
  header_size_ = missing_ = remaining_length_ = 0;
}

std::size_t PacketCutter::take_header_byte(std::byte next) {
  kept_.push_back(next);
  if (kept_.size() == 1) return 1;
  const std::size_t position = kept_.size() - 2;  // Of the bytes of the Remaining Length.
  remaining_length_ |= std::to_integer<std::size_t>(next & std::byte{0x7F}) << (7 * position);
  if ((next & std::byte{0x80}) != std::byte{0}) {
    malformed_ = position + 1 == length_bytes_max;
  } else {
    header_size_ = kept_.size();
    missing_ = remaining_length_;
  }
  return 1;
}

std::size_t PacketCutter::take_body(std::span<const std::byte> bytes) {
  const std::size_t taken = std::min(missing_, bytes.size());
  const auto kept = bytes.first(std::min(taken, kept_max - kept_.size()));
  kept_.insert(kept_.end(), kept.begin(), kept.end());
  missing_ -= taken;
  return taken;
}

}  // namespace holdfast::client
