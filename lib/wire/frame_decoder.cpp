#include "wire/frame_decoder.hpp"

#include <algorithm>

#include "wire/reader.hpp"
#include "wire/variable_byte_integer.hpp"

namespace holdfast::wire {

namespace {

// Room that a large packet took is given back; smaller ones, and their pieces, keep theirs: faulting it in
// again for each packet costs more than reading it.
constexpr std::size_t pieces_kept = std::size_t{256} << 10;
// As much of an oversized PUBLISH as holds its topic and packet identifier: 2 + 65535 + 2.
constexpr std::size_t oversize_front = 65539;
constexpr std::size_t largest_header = 5;

bool flags_are_valid(std::uint8_t type, std::uint8_t flags) noexcept {
  switch (static_cast<PacketType>(type)) {
    case PacketType::publish:
      return (flags & 0x06) != 0x06;  // QoS 3 [MQTT-3.3.1-4]
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return flags == 0x02;
    default:
      return flags == 0;
  }
}

std::uint8_t type_of(std::span<const std::byte> bytes) noexcept {
  return std::to_integer<std::uint8_t>(bytes[0] >> 4);
}
std::uint8_t flags_of(std::span<const std::byte> bytes) noexcept {
  return std::to_integer<std::uint8_t>(bytes[0] & std::byte{0x0F});
}

}  // namespace

void FrameDecoder::reset() {
  input_ = {};
  pieces_.clear();
  to_skip_ = 0;
  pieces_done_ = broken_ = false;
}

Step FrameDecoder::next(Frame& frame, Oversize& oversize) {
  if (broken_) return Step::malformed;
  if (pieces_done_) {
    pieces_done_ = false;
    if (pieces_.capacity() > pieces_kept) std::vector<std::byte>().swap(pieces_);
    pieces_.clear();
  }
  const std::size_t skipped = std::min(to_skip_, input_.size());
  input_ = input_.subspan(skipped);
  to_skip_ -= skipped;
  return pieces_.empty() ? next_from_input(frame, oversize) : next_from_pieces(frame, oversize);
}

// The usual case: the whole packet lies in what was fed.
Step FrameDecoder::next_from_input(Frame& frame, Oversize& oversize) {
  const auto header = read_header(input_);
  if (broken_) return Step::malformed;
  if (header && header->size + header->body <= maximum_) {
    if (input_.size() - header->size >= header->body) {
      frame = {static_cast<PacketType>(type_of(input_)), flags_of(input_),
               input_.subspan(header->size, header->body)};
      input_ = input_.subspan(header->size + header->body);
      return Step::frame;
    }
  } else if (header) {
    return begin_oversize(input_, *header, oversize);
  }
  take(input_.size());
  return Step::need_more;
}

// A packet whose front came earlier: first its header is completed, then its body.
Step FrameDecoder::next_from_pieces(Frame& frame, Oversize& oversize) {
  std::optional<Header> header = read_header(pieces_);
  while (!header && !broken_ && !input_.empty()) {
    take(1);
    header = read_header(pieces_);
  }
  if (broken_) return Step::malformed;
  if (!header) return Step::need_more;
  if (header->size + header->body > maximum_) return begin_oversize(pieces_, *header, oversize);
  pieces_.reserve(std::min(header->size + header->body, pieces_kept));
  take(std::min(header->size + header->body - pieces_.size(), input_.size()));
  if (pieces_.size() < header->size + header->body) return Step::need_more;
  frame = {static_cast<PacketType>(type_of(pieces_)), flags_of(pieces_),
           std::span<const std::byte>(pieces_).subspan(header->size)};
  pieces_done_ = true;
  return Step::frame;
}

Step FrameDecoder::begin_oversize(std::span<const std::byte> bytes, const Header& header,
                                  Oversize& oversize) {
  oversize = {static_cast<PacketType>(type_of(bytes)), static_cast<QoS>((flags_of(bytes) >> 1) & 3),
              std::nullopt};
  const bool has_identifier = oversize.type == PacketType::publish && oversize.qos != QoS::at_most_once;
  if (has_identifier) {
    const std::size_t front = header.size + std::min(header.body, oversize_front);
    if (pieces_.empty()) take(std::min(front, input_.size()));
    while (pieces_.size() < front && !input_.empty()) {
      Reader reader(std::span<const std::byte>(pieces_).subspan(header.size));
      reader.string();
      reader.two_bytes();
      if (!reader.failed()) break;
      take(std::min<std::size_t>(front - pieces_.size(), input_.size()));
    }
    Reader reader(std::span<const std::byte>(pieces_).subspan(header.size));
    reader.string();
    const std::uint16_t identifier = reader.two_bytes();
    if (reader.failed() && pieces_.size() < front) return Step::need_more;
    if (!reader.failed() && identifier != 0) oversize.packet_identifier = identifier;
  }
  to_skip_ = header.size + header.body - pieces_.size();
  pieces_.clear();
  const std::size_t skipped = std::min(to_skip_, input_.size());
  input_ = input_.subspan(skipped);
  to_skip_ -= skipped;
  return Step::oversize;
}

std::optional<FrameDecoder::Header> FrameDecoder::read_header(std::span<const std::byte> bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto fail = [this](std::string_view what) {
    broken_ = true;
    error_ = {ReasonCode::malformed_packet, what};
    return std::nullopt;
  };
  if (type_of(bytes) == 0) return fail("packet type 0 is reserved [MQTT 5, 2.1.2]");
  if (!flags_are_valid(type_of(bytes), flags_of(bytes)))
    return fail("wrong flags in a fixed header [MQTT-2.1.3-1]");
  const auto length =
      decode_variable_byte_integer(bytes.subspan(1, std::min(bytes.size(), largest_header) - 1));
  if (length.status == VariableByteInteger::Status::malformed)
    return fail("a malformed length [MQTT 5, 1.5.5]");
  if (length.status == VariableByteInteger::Status::incomplete) return std::nullopt;
  return Header{std::size_t{1} + length.size, length.value};
}

void FrameDecoder::take(std::size_t wanted) {
  pieces_.insert(pieces_.end(), input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(wanted));
  input_ = input_.subspan(wanted);
}

}  // namespace holdfast::wire
