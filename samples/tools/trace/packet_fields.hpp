// A packet field by field, as the specification names them, by the library's own decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/packets.hpp"
#include "wire/version.hpp"

namespace holdfast::tools {

/// The bytes of a packet as a trace has them: perhaps only the first of them, and some hidden.
struct TracedPacket {
  std::vector<std::byte> bytes;  ///< An asterisk stands for a masked one.
  std::vector<bool> masked;      ///< One a byte.
  std::size_t size = 0;          ///< Of the whole packet.

  [[nodiscard]] bool is_whole() const noexcept { return bytes.size() == size; }
  [[nodiscard]] wire::PacketType type() const {
    return static_cast<wire::PacketType>(bytes.empty() ? 0 : std::to_integer<std::uint8_t>(bytes[0] >> 4));
  }
};

struct PacketField {
  enum class Kind : std::uint8_t {
    value,
    detail,  ///< A length or an identifier: how the bytes say where the values are.
    bits,    ///< Some bits of the byte that the field before it has.
  };
  std::size_t offset = 0;
  std::size_t size = 0;
  std::string name;
  std::string value;  ///< For people; may have control characters in it, and what is no UTF-8.
  Kind kind = Kind::value;
};

/// All but those of bits together cover each byte of the packet once, in order.
struct PacketFields {
  std::vector<PacketField> fields;
  std::string fault;  ///< What the decoder says of a packet that breaks the standard.
  std::string topic;  ///< Of a PUBLISH.
  std::optional<std::uint16_t> topic_alias;
  std::string payload;  ///< What there is of it.

  /// The value of the first field of that name; empty if there is none.
  [[nodiscard]] std::string value_of(std::string_view name) const;
};

/// Any bytes may be given.
[[nodiscard]] PacketFields fields_of(const TracedPacket& packet, wire::Version version);
/// What a field means; empty for a name that fields_of() does not give.
[[nodiscard]] std::string_view meaning_of(std::string_view name);

[[nodiscard]] std::string_view name_of(wire::PacketType type);
[[nodiscard]] std::string_view name_of(wire::PropertyId property);

}  // namespace holdfast::tools
