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

/// Follows the fields of a body, until one is not what it should be, or the trace has no more of it.
class Mask {
 public:
  explicit Mask(TracedBody body) : body_(body), reader_(body.bytes), limit_(body.whole_size) {}

  void connect(std::size_t payload_max) {
    text();
    const std::uint32_t level = number(1);
    const std::uint32_t flags = number(1);
    number(2);
    if (level >= mqtt_5) properties();
    text();
    if ((flags & will_flag) != 0) {
      if (level >= mqtt_5) properties();
      text();
      secret(payload_max);
    }
    if ((flags & user_name_flag) != 0) secret(0);
    if ((flags & password_flag) != 0) secret(0);
  }

  /// Of a packet whose properties, if there are any, follow `before` bytes.
  void properties_after(std::size_t before) {
    skip(before);
    if (position() < limit_) properties();
  }

  /// Up to the payload of a PUBLISH.
  void publish(bool has_identifier, bool has_properties) {
    text();
    if (has_identifier) number(2);
    if (has_properties) properties();
  }

  /// What was not followed is masked, also what stands behind the end that the packet itself names.
  [[nodiscard]] std::vector<MaskedBytes> finish() {
    if (position() < body_.bytes.size()) masked_.push_back({position(), body_.bytes.size()});
    return std::move(masked_);
  }

  /// How far it could be followed.
  [[nodiscard]] std::size_t position() const { return body_.bytes.size() - reader_.rest().size(); }

 private:
  [[nodiscard]] bool stopped() const { return malformed_ || cut_; }

  // Whether all of the next bytes are there. Of those that the trace has cut off the beginning is skipped.
  bool has(std::size_t size) {
    if (stopped()) return false;
    malformed_ = size > limit_ - position();
    cut_ = !malformed_ && size > reader_.rest().size();
    if (cut_) reader_.bytes(reader_.rest().size());
    return !stopped();
  }

  void skip(std::size_t size) {
    if (has(size)) reader_.bytes(size);
  }

  std::uint32_t number(std::size_t size) {
    if (!has(size)) return 0;
    return size == 1 ? reader_.byte() : reader_.two_bytes();
  }

  std::uint32_t variable() {
    if (stopped()) return 0;
    wire::Reader after = reader_;
    const std::uint32_t value = after.variable();
    if (after.failed()) {
      malformed_ = true;
      return 0;
    }
    const std::size_t size = reader_.rest().size() - after.rest().size();
    skip(size);
    return stopped() ? 0 : value;
  }

  void text() { skip(number(2)); }

  // The first `shown` bytes of a field with a length are no secret.
  void secret(std::size_t shown) {
    const std::size_t size = number(2);
    const std::size_t begin = position();
    skip(size);
    if (position() - begin > shown) masked_.push_back({begin + shown, position()});
  }

  // Each of the servers may have user name and password before an "@".
  void references() {
    const std::size_t size = number(2);
    const std::size_t begin = position();
    const std::size_t there = std::min(size, reader_.rest().size());
    const auto shown = reader_.rest().first(there);
    skip(size);
    const auto last = std::find(shown.rbegin(), shown.rend(), std::byte{'@'});
    const auto hidden = cut_ ? there : static_cast<std::size_t>(shown.rend() - last);
    if (hidden != 0 && !malformed_) masked_.push_back({begin, begin + hidden});
  }

  void properties() {
    const std::size_t length = variable();
    if (stopped()) return;
    malformed_ = length > limit_ - position();
    if (malformed_) return;
    limit_ = position() + length;
    while (!stopped() && position() < limit_)
      property();
    limit_ = body_.whole_size;
  }

  void property() {
    const std::size_t before = position();
    const wire::PropertyRule* rule = wire::find_property_rule(static_cast<std::uint8_t>(number(1)));
    if (stopped()) return;
    if (rule == nullptr) {
      malformed_ = true;
      reader_ = wire::Reader(body_.bytes.subspan(before));
      return;
    }
    if (rule->id == wire::PropertyId::authentication_data) return secret(0);
    if (rule->id == wire::PropertyId::server_reference) return references();
    skip_value(rule->type);
  }

  void skip_value(wire::PropertyType type) {
    switch (type) {
      case wire::PropertyType::byte:
        return skip(1);
      case wire::PropertyType::two_byte_integer:
        return skip(2);
      case wire::PropertyType::four_byte_integer:
        return skip(4);
      case wire::PropertyType::variable_byte_integer:
        variable();
        return;
      case wire::PropertyType::utf8_string_pair:
        text();
        return text();
      default:
        return text();
    }
  }

  const TracedBody body_;
  wire::Reader reader_;
  std::size_t limit_;  // Of the packet, or of the properties that are being read.
  bool malformed_ = false;
  bool cut_ = false;
  std::vector<MaskedBytes> masked_;
};

}  // namespace

std::vector<MaskedBytes> masked_bytes(wire::PacketType type, TracedBody body, std::size_t payload_max) {
  Mask mask(body);
  switch (type) {
    case wire::PacketType::connect:
      mask.connect(payload_max);
      return mask.finish();
    case wire::PacketType::connack:
      mask.properties_after(2);
      return mask.finish();
    case wire::PacketType::auth:
    case wire::PacketType::disconnect:
      mask.properties_after(1);
      return mask.finish();
    default:
      return {};
  }
}

std::size_t shown_of_publish(TracedBody body, bool has_identifier, bool has_properties,
                             std::size_t payload_max) {
  Mask mask(body);
  mask.publish(has_identifier, has_properties);
  return mask.position() + std::min(payload_max, body.bytes.size() - mask.position());
}

}  // namespace holdfast::client
