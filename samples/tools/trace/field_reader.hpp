// Takes fields off the front of a traced packet and keeps where each of them lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "packet_fields.hpp"
#include "wire/reader.hpp"

namespace holdfast::tools {

/// After a field that is not all there nothing more is read.
class FieldReader {
 public:
  using Kind = PacketField::Kind;

  FieldReader(const TracedPacket& packet, PacketFields& found)
      : packet_(packet), found_(found), reader_(packet.bytes) {}

  [[nodiscard]] std::size_t position() const { return packet_.bytes.size() - reader_.rest().size(); }
  [[nodiscard]] bool at_end() const { return ended_ || reader_.at_end(); }
  [[nodiscard]] bool ended() const { return ended_; }
  /// A field does not fit into the packet.
  [[nodiscard]] bool overruns() const { return overruns_; }
  /// What the packet says of its own fields is masked.
  [[nodiscard]] bool is_hidden() const { return hidden_; }

  std::uint32_t byte(std::string_view name, Kind kind = Kind::value) {
    return number(name, kind, [](wire::Reader& reader) { return std::uint32_t{reader.byte()}; });
  }
  std::uint32_t two_bytes(std::string_view name, Kind kind = Kind::value) {
    return number(name, kind, [](wire::Reader& reader) { return std::uint32_t{reader.two_bytes()}; });
  }
  std::uint32_t four_bytes(std::string_view name) {
    return number(name, Kind::value, [](wire::Reader& reader) { return reader.four_bytes(); });
  }
  std::uint32_t variable(std::string_view name, Kind kind = Kind::value) {
    return number(name, kind, [](wire::Reader& reader) { return reader.variable(); });
  }
  /// A length and as many bytes.
  std::string_view text(std::string_view name);
  /// All the rest, as payload.
  std::string_view rest(std::string_view name);
  /// Some bits of the byte that was read last.
  void bits(std::string_view name, std::string value);
  /// Replaces the value of the field that was read last.
  void say(std::string value);
  /// All the rest is a field that nobody understands.
  void give_up(std::string_view why);

 private:
  template <class Read>
  std::uint32_t number(std::string_view name, Kind kind, Read&& read) {
    if (ended_) return 0;
    const std::size_t begin = position();
    if (hides_from(begin)) return 0;
    const std::uint32_t value = read(reader_);
    if (reader_.failed()) {
      end_within(name, kind, begin);
      return 0;
    }
    add(name, kind, begin, std::to_string(value));
    return value;
  }
  void add(std::string_view name, Kind kind, std::size_t begin, std::string value);
  void end_within(std::string_view name, Kind kind, std::size_t begin);
  bool hides_from(std::size_t begin);
  std::string_view take(std::string_view name, std::size_t size);

  const TracedPacket& packet_;
  PacketFields& found_;
  wire::Reader reader_;
  bool ended_ = false;
  bool overruns_ = false;
  bool hidden_ = false;
};

}  // namespace holdfast::tools
