#include "support/broker_packets.hpp"

#include <array>
#include <map>
#include <stdexcept>

namespace holdfast::support {
namespace {

enum class Kind { byte, two_bytes, four_bytes, variable, text, pair, unknown };

Kind kind_of(std::uint8_t id) {
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return Kind::byte;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return Kind::two_bytes;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return Kind::four_bytes;
    case 0x0B:
      return Kind::variable;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      return Kind::text;
    case 0x26:
      return Kind::pair;
    default:
      return Kind::unknown;
  }
}

std::string number(std::uint32_t value, unsigned bytes) {
  std::string encoded;
  for (unsigned shift = bytes * 8; shift > 0; shift -= 8) {
    encoded.push_back(static_cast<char>((value >> (shift - 8)) & 0xFF));
  }
  return encoded;
}

std::string variable(std::size_t value) {
  std::string encoded;
  do {
    const std::size_t digit = value % 128;
    value /= 128;
    encoded.push_back(static_cast<char>(value > 0 ? digit | 0x80 : digit));
  } while (value > 0);
  return encoded;
}

std::string text(std::string_view value) {
  return number(static_cast<std::uint32_t>(value.size()), 2) + std::string(value);
}

std::string code(ReasonCode reason) {
  return std::string(1, static_cast<char>(reason));
}

/// Takes fields off the front of a packet.
class Reader {
 public:
  Reader(std::string_view bytes, bool has_properties) : rest_(bytes), has_properties_(has_properties) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) throw std::runtime_error("packet ends early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint32_t number(unsigned bytes) {
    std::uint32_t value = 0;
    for (const char byte : take(bytes))
      value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }
  std::uint16_t two_bytes() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint32_t byte = number(1);
      value |= (byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    throw std::runtime_error("variable byte integer too long");
  }
  std::string text() { return std::string(take(number(2))); }
  std::string rest() { return std::string(take(rest_.size())); }
  ReasonCode code() { return static_cast<ReasonCode>(number(1)); }

  [[nodiscard]] bool has_properties() const noexcept { return has_properties_; }
  void set_level(std::uint8_t level) noexcept { has_properties_ = level == 5; }
  /// None in MQTT 3.1.1.
  Properties properties() {
    Properties properties;
    if (!has_properties_) return properties;
    Reader inner(take(variable()), true);
    while (!inner.empty())
      inner.property_into(properties);
    return properties;
  }

 private:
  void property_into(Properties& properties) {
    const auto id = static_cast<std::uint8_t>(number(1));
    const auto named = static_cast<PropertyId>(id);
    switch (kind_of(id)) {
      case Kind::byte:
        properties.add(named, number(1));
        return;
      case Kind::two_bytes:
        properties.add(named, number(2));
        return;
      case Kind::four_bytes:
        properties.add(named, number(4));
        return;
      case Kind::variable:
        properties.add(named, variable());
        return;
      case Kind::text:
        properties.add(named, text());
        return;
      case Kind::pair: {
        std::string name = text();
        properties.add(UserProperty{std::move(name), text()});
        return;
      }
      case Kind::unknown:
        throw std::runtime_error("unknown property");
    }
  }

  std::string_view rest_;
  bool has_properties_;
};

/// What both versions forbid, and the password that 3.1.1 does.
void check_connect_flags(std::uint32_t flags, std::uint8_t level) {
  if ((flags & 0x01) != 0) throw std::runtime_error("the reserved connect flag is set");
  if ((flags & 0x04) == 0 && (flags & 0x38) != 0) throw std::runtime_error("will flags without a will");
  if ((flags & 0x18) == 0x18) throw std::runtime_error("a will of QoS 3");
  if (level == 4 && (flags & 0xC0) == 0x40) throw std::runtime_error("a password without a user name");
}

void decode_connect(Reader& reader, Packet& packet) {
  if (reader.text() != "MQTT") throw std::runtime_error("not MQTT");
  packet.level = static_cast<std::uint8_t>(reader.number(1));
  if (packet.level != 5 && packet.level != 4) throw std::runtime_error("neither MQTT 5 nor 3.1.1");
  reader.set_level(packet.level);
  const std::uint32_t flags = reader.number(1);
  check_connect_flags(flags, packet.level);
  packet.clean_start = (flags & 0x02) != 0;
  packet.keep_alive = reader.two_bytes();
  packet.properties = reader.properties();
  packet.client_id = reader.text();
  if ((flags & 0x04) != 0) {
    ReceivedWill& will = packet.will.emplace();
    will.qos = static_cast<QoS>(flags >> 3 & 3);
    will.retain = (flags & 0x20) != 0;
    will.properties = reader.properties();
    will.topic = reader.text();
    will.payload = reader.text();
  }
  if ((flags & 0x80) != 0) packet.user_name = reader.text();
  if ((flags & 0x40) != 0) packet.password = reader.text();
  if (!reader.empty()) throw std::runtime_error("bytes after CONNECT");
}

void decode_publish(Reader& reader, std::uint32_t flags, Packet& packet) {
  packet.dup = (flags & 0x08) != 0;
  packet.qos = static_cast<QoS>(flags >> 1 & 3);
  packet.retain = (flags & 0x01) != 0;
  packet.topic = reader.text();
  if (packet.qos != QoS::at_most_once) packet.packet_identifier = reader.two_bytes();
  packet.properties = reader.properties();
  packet.payload = reader.rest();
}

/// Reason code and properties where both may be left out: the acknowledgements, DISCONNECT and AUTH.
void decode_reason(Reader& reader, Packet& packet) {
  if (!reader.has_properties() && !reader.empty()) throw std::runtime_error("a reason code in MQTT 3.1.1");
  if (!reader.empty()) packet.reason_code = reader.code();
  if (!reader.empty()) packet.properties = reader.properties();
  if (!reader.empty()) throw std::runtime_error("bytes after the properties");
}

void decode_filters(Reader& reader, Packet& packet) {
  packet.packet_identifier = reader.two_bytes();
  packet.properties = reader.properties();
  while (!reader.empty()) {
    TopicFilter subscription{reader.text()};
    if (packet.type == PacketType::subscribe) {
      const std::uint32_t options = reader.number(1);
      const bool more = reader.has_properties() ? (options & 0xC0) != 0 : options > 2;
      if (more || (options & 3) == 3) throw std::runtime_error("reserved bits in the options of a filter");
      subscription.options.qos = static_cast<QoS>(options & 3);
      subscription.options.no_local = (options & 0x04) != 0;
      subscription.options.retain_as_published = (options & 0x08) != 0;
      subscription.options.retain_handling = static_cast<RetainHandling>(options >> 4 & 3);
    }
    packet.subscriptions.push_back(std::move(subscription));
  }
  if (packet.subscriptions.empty()) throw std::runtime_error("no topic filter");
}

std::string encoded(const Properties& properties, std::uint8_t level) {
  return level == 5 ? properties.encoded() : "";
}

/// A code of CONNACK. [MQTT 3.1.1, 3.2.2.3]
std::string return_code(ReasonCode reason) {
  static const std::map<ReasonCode, char> codes{{ReasonCode::success, '\0'},
                                                {ReasonCode::unsupported_protocol_version, '\1'},
                                                {ReasonCode::client_identifier_not_valid, '\2'},
                                                {ReasonCode::server_unavailable, '\3'},
                                                {ReasonCode::bad_user_name_or_password, '\4'},
                                                {ReasonCode::not_authorized, '\5'}};
  return std::string(1, codes.at(reason));
}

/// The rest of an acknowledgement, a DISCONNECT or an AUTH.
std::string encode_reason(const Packet& packet, std::uint8_t level) {
  return level == 5 ? code(packet.reason_code) + packet.properties.encoded() : "";
}

std::string encode_codes(const Packet& packet, std::uint8_t level) {
  std::string body = number(packet.packet_identifier, 2) + encoded(packet.properties, level);
  if (level == 4 && packet.type == PacketType::unsuback) return body;
  for (const ReasonCode reason : packet.reason_codes)
    body += level == 4 && is_error(reason) ? "\x80" : code(reason);
  return body;
}

/// Without a will: no test needs one from the other side.
std::string encode_connect(const Packet& packet, std::uint8_t level) {
  const int flags =
      (packet.clean_start ? 0x02 : 0) | (packet.user_name ? 0x80 : 0) | (packet.password ? 0x40 : 0);
  return text("MQTT") + static_cast<char>(level) + static_cast<char>(flags) + number(packet.keep_alive, 2) +
         encoded(packet.properties, level) + text(packet.client_id) +
         (packet.user_name ? text(*packet.user_name) : "") + (packet.password ? text(*packet.password) : "");
}

std::string encode_filters(const Packet& packet, std::uint8_t level) {
  std::string body = number(packet.packet_identifier, 2) + encoded(packet.properties, level);
  for (const TopicFilter& subscription : packet.subscriptions) {
    body += text(subscription.filter);
    if (packet.type == PacketType::unsubscribe) continue;
    const SubscriptionOptions& options = subscription.options;
    body.push_back(static_cast<char>(static_cast<int>(options.qos) | (options.no_local ? 0x04 : 0) |
                                     (options.retain_as_published ? 0x08 : 0) |
                                     static_cast<int>(options.retain_handling) << 4));
  }
  return body;
}

std::string encode_body(const Packet& packet, std::uint8_t level) {
  const std::string id = number(packet.packet_identifier, 2);
  switch (packet.type) {
    case PacketType::connect:
      return encode_connect(packet, level);
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return encode_filters(packet, level);
    case PacketType::connack:
      return std::string(1, packet.session_present ? '\1' : '\0') +
             (level == 5 ? encode_reason(packet, level) : return_code(packet.reason_code));
    case PacketType::publish:
      return text(packet.topic) + (packet.qos == QoS::at_most_once ? "" : id) +
             encoded(packet.properties, level) + packet.payload;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return id + encode_reason(packet, level);
    case PacketType::suback:
    case PacketType::unsuback:
      return encode_codes(packet, level);
    case PacketType::disconnect:
    case PacketType::auth:
      return encode_reason(packet, level);
    default:
      return {};
  }
}

/// Whether the reserved flags are 0010 and not 0000. [MQTT 5, 2.1.3]
bool has_flags(PacketType type) {
  return type == PacketType::pubrel || type == PacketType::subscribe || type == PacketType::unsubscribe;
}

std::uint8_t flags_of(const Packet& packet) {
  if (has_flags(packet.type)) return 0x02;
  if (packet.type != PacketType::publish) return 0;
  return static_cast<std::uint8_t>((packet.dup ? 0x08 : 0) | static_cast<int>(packet.qos) << 1 |
                                   (packet.retain ? 0x01 : 0));
}

}  // namespace

std::string_view name_of(PacketType type) {
  static constexpr std::array<std::string_view, 16> names{
      "?",         "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
      "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
  return names[static_cast<std::size_t>(type) & 15];
}

Properties& Properties::add(PropertyId id, std::uint32_t value) {
  numbers_.emplace_back(id, value);
  return *this;
}

Properties& Properties::add(PropertyId id, std::string value) {
  texts_.emplace_back(id, std::move(value));
  return *this;
}

Properties& Properties::add(UserProperty property) {
  user_properties_.push_back(std::move(property));
  return *this;
}

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
  for (const auto& [present, value] : numbers_) {
    if (present == id) return value;
  }
  return std::nullopt;
}

std::optional<std::string> Properties::text(PropertyId id) const {
  for (const auto& [present, value] : texts_) {
    if (present == id) return value;
  }
  return std::nullopt;
}

std::string Properties::encoded() const {
  std::string all;
  for (const auto& [id, value] : numbers_) {
    all.push_back(static_cast<char>(id));
    switch (kind_of(static_cast<std::uint8_t>(id))) {
      case Kind::byte:
        all += support::number(value, 1);
        break;
      case Kind::two_bytes:
        all += support::number(value, 2);
        break;
      case Kind::variable:
        all += variable(value);
        break;
      default:
        all += support::number(value, 4);
    }
  }
  for (const auto& [id, value] : texts_)
    all += static_cast<char>(id) + support::text(value);
  for (const auto& [name, value] : user_properties_) {
    all += '\x26' + support::text(name) + support::text(value);
  }
  return variable(all.size()) + all;
}

std::string Packet::describe() const {
  std::string all(name_of(type));
  if (packet_identifier != 0) all += ' ' + std::to_string(packet_identifier);
  if (type == PacketType::publish) {
    all += (dup ? " dup qos " : " qos ") + std::to_string(static_cast<int>(qos)) + ' ' + topic;
    if (payload.size() <= 40) all += " \"" + payload + '"';
  }
  return all;
}

std::optional<std::size_t> frame_size(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t index = 1; index < bytes.size(); ++index) {
    if (index > 4) throw std::runtime_error("remaining length too long");
    const auto byte = static_cast<std::uint8_t>(bytes[index]);
    length |= static_cast<std::size_t>(byte & 0x7F) << (7 * (index - 1));
    if ((byte & 0x80) != 0) continue;
    const std::size_t whole = index + 1 + length;
    if (bytes.size() < whole) return std::nullopt;
    return whole;
  }
  return std::nullopt;
}

Packet decode(std::string_view frame, std::uint8_t level) {
  Reader reader(frame, level == 5);
  Packet packet;
  packet.size = frame.size();
  packet.bytes = frame;
  const std::uint32_t header = reader.number(1);
  reader.variable();
  packet.type = static_cast<PacketType>(header >> 4);
  if (packet.type != PacketType::publish && (header & 0x0F) != (has_flags(packet.type) ? 2u : 0u)) {
    throw std::runtime_error("wrong flags");
  }
  switch (packet.type) {
    case PacketType::connect:
      decode_connect(reader, packet);
      break;
    case PacketType::connack:
      packet.session_present = reader.number(1) != 0;
      packet.reason_code = reader.code();
      packet.properties = reader.properties();
      break;
    case PacketType::publish:
      decode_publish(reader, header & 0x0F, packet);
      break;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      packet.packet_identifier = reader.two_bytes();
      decode_reason(reader, packet);
      break;
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      decode_filters(reader, packet);
      break;
    case PacketType::suback:
    case PacketType::unsuback:
      packet.packet_identifier = reader.two_bytes();
      packet.properties = reader.properties();
      while (!reader.empty())
        packet.reason_codes.push_back(reader.code());
      break;
    case PacketType::pingreq:
    case PacketType::pingresp:
      if (!reader.empty()) throw std::runtime_error("PINGREQ or PINGRESP with a body");
      break;
    case PacketType::disconnect:
    case PacketType::auth:
      decode_reason(reader, packet);
      break;
    default:
      throw std::runtime_error("packet type 0");
  }
  return packet;
}

std::string encode(const Packet& packet, std::uint8_t level) {
  const std::string body = encode_body(packet, level);
  const auto first = static_cast<char>(static_cast<int>(packet.type) << 4 | flags_of(packet));
  return first + variable(body.size()) + body;
}

std::string in_3_1_1(std::string_view frame) {
  return encode(decode(frame), 4);
}

std::string acknowledgement(PacketType type, std::uint16_t packet_identifier, ReasonCode reason_code,
                            const Properties& properties) {
  Packet packet;
  packet.type = type;
  packet.packet_identifier = packet_identifier;
  packet.reason_code = reason_code;
  packet.properties = properties;
  return encode(packet);
}

std::string answer(PacketType type, std::uint16_t packet_identifier,
                   const std::vector<ReasonCode>& reason_codes, const Properties& properties) {
  Packet packet;
  packet.type = type;
  packet.packet_identifier = packet_identifier;
  packet.reason_codes = reason_codes;
  packet.properties = properties;
  return encode(packet);
}

std::string connack(bool session_present, ReasonCode reason_code, const Properties& properties) {
  Packet packet;
  packet.type = PacketType::connack;
  packet.session_present = session_present;
  packet.reason_code = reason_code;
  packet.properties = properties;
  return encode(packet);
}

std::string publish(std::string topic, std::string payload, QoS qos, std::uint16_t packet_identifier,
                    bool dup, const Properties& properties) {
  Packet packet;
  packet.type = PacketType::publish;
  packet.topic = std::move(topic);
  packet.payload = std::move(payload);
  packet.qos = qos;
  packet.packet_identifier = packet_identifier;
  packet.dup = dup;
  packet.properties = properties;
  return encode(packet);
}

std::string disconnect(ReasonCode reason_code, const Properties& properties) {
  Packet packet;
  packet.type = PacketType::disconnect;
  packet.reason_code = reason_code;
  packet.properties = properties;
  return encode(packet);
}

std::string pingresp() {
  Packet packet;
  packet.type = PacketType::pingresp;
  return encode(packet);
}

}  // namespace holdfast::support
