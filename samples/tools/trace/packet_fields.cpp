#include "packet_fields.hpp"

#include <array>
#include <limits>

#include <holdfast/reason_code.hpp>

#include "field_reader.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"
#include "wire/return_code.hpp"

namespace holdfast::tools {

namespace {

using Kind = PacketField::Kind;
using wire::PacketType;
using wire::PropertyId;
using wire::Version;

constexpr unsigned user_name_flag = 0x80;
constexpr unsigned password_flag = 0x40;
constexpr unsigned will_flag = 0x04;

std::string bit(std::uint32_t value, unsigned position) {
  return (value >> position & 1U) != 0 ? "1" : "0";
}

std::string two_bits(std::uint32_t value, unsigned position) {
  return std::to_string(value >> position & 3U);
}

std::string hexadecimal(std::uint32_t value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {'0', 'x', digits[value >> 4U & 0xFU], digits[value & 0xFU]};
}

/// Reads the packets of one type after the other.
class Dissection {
 public:
  Dissection(const TracedPacket& packet, Version version)
      : packet_(packet), version_(version), reader_(packet, found_) {}

  PacketFields run() {
    fixed_header();
    if (!reader_.at_end() || packet_.type() == PacketType::publish) body();
    if (!reader_.at_end()) reader_.give_up("nothing should be here");
    if (packet_.is_whole() && !reader_.is_hidden()) judge();
    if (!packet_.is_whole() && (overrun_ || reader_.overruns()))
      found_.fault = "a field is longer than the packet";
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool is_5() const { return version_ == Version::mqtt_5; }

  void fixed_header() {
    const std::uint32_t first = reader_.byte("Packet Type and Flags");
    if (reader_.ended()) return;
    reader_.say(std::string(name_of(packet_.type())));
    reader_.bits("Packet Type", std::to_string(first >> 4U));
    if (packet_.type() == PacketType::publish) {
      reader_.bits("DUP", bit(first, 3));
      reader_.bits("QoS", two_bits(first, 1));
      reader_.bits("RETAIN", bit(first, 0));
      qos_ = first >> 1U & 3U;
    } else {
      reader_.bits("Reserved Flags", std::to_string(first & 0xFU));
    }
    reader_.variable("Remaining Length");
  }

  void body() {
    switch (packet_.type()) {
      case PacketType::connect:
        return connect();
      case PacketType::connack:
        return connack();
      case PacketType::publish:
        return publish();
      case PacketType::puback:
      case PacketType::pubrec:
      case PacketType::pubrel:
      case PacketType::pubcomp:
        reader_.two_bytes("Packet Identifier");
        return reason_and_properties();
      case PacketType::subscribe:
        return subscribe();
      case PacketType::suback:
      case PacketType::unsuback:
        return suback();
      case PacketType::unsubscribe:
        reader_.two_bytes("Packet Identifier");
        if (is_5()) properties();
        while (!reader_.at_end())
          reader_.text("Topic Filter");
        return;
      case PacketType::disconnect:
      case PacketType::auth:
        return reason_and_properties();
      default:
        return;
    }
  }

  void connect() {
    reader_.text("Protocol Name");
    const std::uint32_t level = reader_.byte("Protocol Version");
    if (!reader_.ended()) version_ = level >= 5 ? Version::mqtt_5 : Version::mqtt_3_1_1;
    const std::uint32_t flags = reader_.byte("Connect Flags");
    reader_.say(hexadecimal(flags));
    reader_.bits("User Name Flag", bit(flags, 7));
    reader_.bits("Password Flag", bit(flags, 6));
    reader_.bits("Will Retain", bit(flags, 5));
    reader_.bits("Will QoS", two_bits(flags, 3));
    reader_.bits("Will Flag", bit(flags, 2));
    reader_.bits(is_5() ? "Clean Start" : "Clean Session", bit(flags, 1));
    reader_.bits("Reserved Flags", bit(flags, 0));
    const std::uint32_t keep_alive = reader_.two_bytes("Keep Alive");
    reader_.say(std::to_string(keep_alive) + " s");
    if (is_5()) properties();
    reader_.text("Client Identifier");
    if ((flags & will_flag) != 0) {
      if (is_5()) properties();
      reader_.text("Will Topic");
      reader_.text("Will Payload");
    }
    if ((flags & user_name_flag) != 0) reader_.text("User Name");
    if ((flags & password_flag) != 0) reader_.text("Password");
  }

  void connack() {
    const std::uint32_t flags = reader_.byte("Connect Acknowledge Flags");
    reader_.say(hexadecimal(flags));
    reader_.bits("Session Present", bit(flags, 0));
    if (is_5()) return reason_and_properties();
    const std::uint32_t code = reader_.byte("Connect Return Code");
    if (const auto reason = wire::reason_of_return_code(static_cast<std::uint8_t>(code)))
      reader_.say(std::to_string(code) + " " + std::string(to_string(*reason)));
  }

  void publish() {
    found_.topic = reader_.text("Topic Name");
    if (qos_ != 0) reader_.two_bytes("Packet Identifier");
    if (is_5()) properties();
    found_.payload = reader_.rest("Payload");
  }

  void subscribe() {
    reader_.two_bytes("Packet Identifier");
    if (is_5()) properties();
    while (!reader_.at_end()) {
      reader_.text("Topic Filter");
      const std::uint32_t options = reader_.byte(is_5() ? "Subscription Options" : "Requested QoS");
      reader_.say(is_5() ? hexadecimal(options) : std::to_string(options));
      if (!is_5()) continue;
      reader_.bits("Maximum QoS", two_bits(options, 0));
      reader_.bits("No Local", bit(options, 2));
      reader_.bits("Retain As Published", bit(options, 3));
      reader_.bits("Retain Handling", two_bits(options, 4));
    }
  }

  void suback() {
    reader_.two_bytes("Packet Identifier");
    if (is_5()) properties();
    while (!reader_.at_end())
      reason_code();
  }

  void reason_and_properties() {
    if (!reader_.at_end()) reason_code();
    if (!reader_.at_end() && is_5()) properties();
  }

  void reason_code() {
    const auto code = static_cast<std::uint8_t>(reader_.byte("Reason Code"));
    std::string_view words = to_string(static_cast<ReasonCode>(code));
    if (code == 0 && packet_.type() == PacketType::suback) words = "Granted QoS 0";
    if (code == 0 && packet_.type() == PacketType::disconnect) words = "Normal disconnection";
    reader_.say(hexadecimal(code) + " " + std::string(words));
  }

  void properties() {
    const std::uint32_t length = reader_.variable("Property Length", Kind::detail);
    const std::size_t end = reader_.position() + length;
    overrun_ = overrun_ || end > packet_.size;
    while (!reader_.at_end() && reader_.position() < end)
      property();
  }

  void property() {
    const std::uint32_t identifier = reader_.byte("Property Identifier", Kind::detail);
    const wire::PropertyRule* rule = wire::find_property_rule(static_cast<std::uint8_t>(identifier));
    if (reader_.ended()) return;
    if (rule == nullptr) return reader_.give_up("behind an unknown property");
    const std::string_view name = name_of(rule->id);
    reader_.say(hexadecimal(identifier) + " " + std::string(name));
    switch (rule->type) {
      case wire::PropertyType::byte:
        reader_.byte(name);
        return;
      case wire::PropertyType::two_byte_integer: {
        const std::uint32_t value = reader_.two_bytes(name);
        if (rule->id == PropertyId::topic_alias) found_.topic_alias = static_cast<std::uint16_t>(value);
        return;
      }
      case wire::PropertyType::four_byte_integer:
        return four_byte_property(rule->id);
      case wire::PropertyType::variable_byte_integer:
        reader_.variable(name);
        return;
      case wire::PropertyType::utf8_string_pair:
        reader_.text(std::string(name) + " Name");
        reader_.text(std::string(name) + " Value");
        return;
      default:
        reader_.text(name);
    }
  }

  void four_byte_property(PropertyId property) {
    const std::uint32_t value = reader_.four_bytes(name_of(property));
    const bool never = value == std::numeric_limits<std::uint32_t>::max();
    if (property == PropertyId::session_expiry_interval && never)
      reader_.say("never expires");
    else if (property != PropertyId::maximum_packet_size)
      reader_.say(std::to_string(value) + " s");
  }

  // The fields say what there is, the library's decoder whether it may be so.
  void judge() {
    wire::FrameDecoder decoder(std::numeric_limits<std::uint32_t>::max());
    wire::Frame frame;
    wire::Oversize oversize;
    decoder.feed(packet_.bytes);
    switch (decoder.next(frame, oversize)) {
      case wire::Step::malformed:
        found_.fault = decoder.error().what;
        return;
      case wire::Step::frame:
        judge(frame);
        return;
      default:
        return;
    }
  }

  void judge(const wire::Frame& frame) {
    switch (frame.type) {
      case PacketType::connect:
        return take_fault(wire::parse_connect(frame, version_));
      case PacketType::connack:
        return take_fault(wire::parse_connack(frame, version_));
      case PacketType::publish:
        return take_fault(wire::parse_publish(frame, version_));
      case PacketType::subscribe:
        return take_fault(wire::parse_subscribe(frame, version_));
      case PacketType::suback:
        return take_fault(wire::parse_suback(frame, version_));
      case PacketType::unsubscribe:
        return take_fault(wire::parse_unsubscribe(frame, version_));
      case PacketType::unsuback:
        return take_fault(wire::parse_unsuback(frame, version_));
      case PacketType::pingreq:
        return take_fault(wire::parse_pingreq(frame));
      case PacketType::pingresp:
        return take_fault(wire::parse_pingresp(frame));
      case PacketType::disconnect:
        return take_fault(wire::parse_disconnect(frame, version_));
      case PacketType::auth:
        return take_fault(wire::parse_auth(frame));
      default:
        return take_fault(wire::parse_acknowledgement(frame, version_));
    }
  }

  template <class Packet>
  void take_fault(const wire::Decoded<Packet>& packet) {
    if (!packet) {
      found_.fault = packet.error().what;
    } else if constexpr (requires { packet->violation; }) {
      if (packet->violation != nullptr) found_.fault = packet->violation->what;
    }
  }

  const TracedPacket& packet_;
  Version version_;
  PacketFields found_;
  FieldReader reader_;
  unsigned qos_ = 0;
  bool overrun_ = false;
};

}  // namespace

std::string PacketFields::value_of(std::string_view name) const {
  for (const PacketField& field : fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

PacketFields fields_of(const TracedPacket& packet, Version version) {
  return Dissection(packet, version).run();
}

std::string_view name_of(PacketType type) {
  constexpr std::array<std::string_view, 16> names{
      "reserved",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
      "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
  return names.at(static_cast<std::size_t>(type));
}

}  // namespace holdfast::tools
