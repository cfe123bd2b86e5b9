#include "client/trace_mask.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "wire/property.hpp"
#include "wire/reader.hpp"

namespace holdfast::client {

namespace {

// The flags of CONNECT, and the level from which on there are properties. [MQTT 5, 3.1.2]
constexpr unsigned user_name_flag = 0x80;
constexpr unsigned password_flag = 0x40;
constexpr unsigned will_flag = 0x04;
constexpr unsigned mqtt_5 = 5;

class Mask {
 public:
  explicit Mask(std::span<const std::byte> body) : body_(body), reader_(body), limit_(body.size()) {}

  void connect(std::size_t payload_max) {
    std::uint8_t level = 0;
    std::uint8_t flags = 0;
    known([](wire::Reader& reader) { reader.string(); });
    known([&](wire::Reader& reader) { level = reader.byte(); });
    known([&](wire::Reader& reader) { flags = reader.byte(); });
    known([](wire::Reader& reader) { reader.two_bytes(); });
    if (level >= mqtt_5) properties();
    known([](wire::Reader& reader) { reader.string(); });
    if ((flags & will_flag) != 0) {
      if (level >= mqtt_5) properties();
      known([](wire::Reader& reader) { reader.string(); });
      secret(payload_max);
    }
    if ((flags & user_name_flag) != 0) secret(0);
    if ((flags & password_flag) != 0) secret(0);
  }

  /// Of a packet whose properties follow `before` bytes.
  void properties_after(std::size_t before) {
    known([before](wire::Reader& reader) { reader.bytes(before); });
    if (followed_to_ < body_.size()) properties();
  }

  /// What was not followed is masked, also what stands behind the end that the packet itself names.
  [[nodiscard]] std::vector<MaskedBytes> finish() {
    if (followed_to_ < body_.size()) masked_.push_back({followed_to_, body_.size()});
    return std::move(masked_);
  }

 private:
  [[nodiscard]] std::size_t position() const { return body_.size() - reader_.rest().size(); }

  // Reads what may be shown, unless an earlier field was not what it should be.
  template <class Read>
  void known(Read&& read) {
    if (lost_) return;
    read(reader_);
    if (reader_.failed() || position() > limit_)
      lost_ = true;
    else
      followed_to_ = position();
  }

  // The first `shown` bytes of a field with a length are no secret.
  void secret(std::size_t shown) {
    std::size_t size = 0;
    known([&size](wire::Reader& reader) { size = reader.binary().size(); });
    if (!lost_ && size > shown) masked_.push_back({position() - (size - shown), position()});
  }

  void properties() {
    std::size_t length = 0;
    known([&length](wire::Reader& reader) { length = reader.variable(); });
    limit_ = std::min(body_.size(), position() + length);
    while (!lost_ && position() < limit_)
      property();
    limit_ = body_.size();
  }

  void property() {
    const wire::PropertyRule* rule = nullptr;
    known([&rule](wire::Reader& reader) { rule = wire::find_property_rule(reader.byte()); });
    lost_ = lost_ || rule == nullptr;
    if (lost_) return;
    if (rule->id == wire::PropertyId::authentication_data) return secret(0);
    known([rule](wire::Reader& reader) { skip_value(rule->type, reader); });
  }

  static void skip_value(wire::PropertyType type, wire::Reader& reader) {
    switch (type) {
      case wire::PropertyType::byte:
        reader.byte();
        break;
      case wire::PropertyType::two_byte_integer:
        reader.two_bytes();
        break;
      case wire::PropertyType::four_byte_integer:
        reader.four_bytes();
        break;
      case wire::PropertyType::variable_byte_integer:
        reader.variable();
        break;
      case wire::PropertyType::utf8_string_pair:
        reader.string();
        reader.string();
        break;
      default:
        reader.binary();
    }
  }

  const std::span<const std::byte> body_;
  wire::Reader reader_;
  std::size_t limit_;  // Of the properties that are being read.
  std::size_t followed_to_ = 0;
  bool lost_ = false;
  std::vector<MaskedBytes> masked_;
};

}  // namespace

std::vector<MaskedBytes> masked_bytes(wire::PacketType type, std::span<const std::byte> body,
                                      std::size_t payload_max) {
  Mask mask(body);
  switch (type) {
    case wire::PacketType::connect:
      mask.connect(payload_max);
      return mask.finish();
    case wire::PacketType::connack:
      mask.properties_after(2);
      return mask.finish();
    case wire::PacketType::auth:
      mask.properties_after(1);
      return mask.finish();
    default:
      return {};
  }
}

}  // namespace holdfast::client
