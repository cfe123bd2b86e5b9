// What the fields of packets mean, in a sentence each: for those who read the bytes of one for the first
// time.
#include <array>
#include <utility>

#include "packet_fields.hpp"

namespace holdfast::tools {

namespace {

using wire::PropertyId;

struct PropertyMeaning {
  PropertyId id;
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array properties{
    PropertyMeaning{PropertyId::payload_format_indicator, "Payload Format Indicator",
                    "1: the payload is UTF-8 text. 0: nothing is said about it."},
    PropertyMeaning{PropertyId::message_expiry_interval, "Message Expiry Interval",
                    "For how many seconds the message is of use; the broker drops it after that."},
    PropertyMeaning{PropertyId::content_type, "Content Type", "What the payload is, such as a MIME type."},
    PropertyMeaning{PropertyId::response_topic, "Response Topic",
                    "The topic to which an answer to this message is to be published."},
    PropertyMeaning{PropertyId::correlation_data, "Correlation Data",
                    "Comes back with the answer, so that the asker knows which question it belongs to."},
    PropertyMeaning{PropertyId::subscription_identifier, "Subscription Identifier",
                    "A number that the client gave a subscription; messages that come for it carry it."},
    PropertyMeaning{PropertyId::session_expiry_interval, "Session Expiry Interval",
                    "For how many seconds the broker keeps the session after the connection."},
    PropertyMeaning{PropertyId::assigned_client_identifier, "Assigned Client Identifier",
                    "The client identifier that the broker made, since the client sent none."},
    PropertyMeaning{PropertyId::server_keep_alive, "Server Keep Alive",
                    "The Keep Alive that the broker wants instead of the client's, in seconds."},
    PropertyMeaning{PropertyId::authentication_method, "Authentication Method",
                    "Which exchange of enhanced authentication is used, such as SCRAM-SHA-256."},
    PropertyMeaning{PropertyId::authentication_data, "Authentication Data",
                    "A step of that exchange. It is secret, so the trace does not have it."},
    PropertyMeaning{PropertyId::request_problem_information, "Request Problem Information",
                    "0: the broker shall send Reason Strings and User Properties only where it must."},
    PropertyMeaning{
        PropertyId::will_delay_interval, "Will Delay Interval",
        "How many seconds the broker waits after a lost connection before it publishes the will."},
    PropertyMeaning{PropertyId::request_response_information, "Request Response Information",
                    "1: the broker is asked for Response Information."},
    PropertyMeaning{PropertyId::response_information, "Response Information",
                    "From which the client makes a Response Topic of its own."},
    PropertyMeaning{PropertyId::server_reference, "Server Reference",
                    "Another server for the client to use."},
    PropertyMeaning{PropertyId::reason_string, "Reason String", "The reason in words, for people."},
    PropertyMeaning{
        PropertyId::receive_maximum, "Receive Maximum",
        "How many QoS 1 and 2 messages the sender of this takes before it has acknowledged them."},
    PropertyMeaning{PropertyId::topic_alias_maximum, "Topic Alias Maximum",
                    "Up to which number the sender of this takes topic aliases. 0: none."},
    PropertyMeaning{PropertyId::topic_alias, "Topic Alias",
                    "A number for the topic; later PUBLISH packets of this connection have it instead."},
    PropertyMeaning{
        PropertyId::maximum_qos, "Maximum QoS",
        "In CONNACK: the highest QoS that the broker takes. In SUBSCRIBE, bits 1 and 0: the highest "
        "at which it is to deliver for this filter."},
    PropertyMeaning{PropertyId::retain_available, "Retain Available",
                    "0: the broker takes no retained messages."},
    PropertyMeaning{PropertyId::user_property, "User Property",
                    "A name and a value whose meaning is the applications'."},
    PropertyMeaning{PropertyId::maximum_packet_size, "Maximum Packet Size",
                    "The largest packet that the sender of this takes, in bytes."},
    PropertyMeaning{PropertyId::wildcard_subscription_available, "Wildcard Subscription Available",
                    "0: the broker takes no topic filters with + or #."},
    PropertyMeaning{PropertyId::subscription_identifier_available, "Subscription Identifiers Available",
                    "0: the broker takes no subscription identifiers."},
    PropertyMeaning{PropertyId::shared_subscription_available, "Shared Subscription Available",
                    "0: the broker takes no shared subscriptions ($share/...)."},
};

constexpr auto fields = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"Packet Type and Flags", "The first byte of every packet: what it is, in four bits, and four flags."},
    {"Packet Type", "Bits 7 to 4: the number of the packet's type."},
    {"Reserved Flags", "Bits that the standard sets; others make the packet malformed."},
    {"DUP", "Bit 3. 1: this message may have been sent before, under the same Packet Identifier."},
    {"QoS", "Bits 2 and 1. 0: at most once. 1: at least once. 2: exactly once."},
    {"RETAIN", "Bit 0. 1: the broker keeps the message for later subscribers, or had kept it."},
    {"Remaining Length", "How many bytes follow this field, written in one to four bytes of seven bits."},
    {"Protocol Name", "\"MQTT\" in all versions since 3.1.1."},
    {"Protocol Version", "4: MQTT 3.1.1. 5: MQTT 5."},
    {"Connect Flags", "Which fields follow, and how the session and the will are treated."},
    {"User Name Flag", "Bit 7. 1: a User Name follows."},
    {"Password Flag", "Bit 6. 1: a Password follows."},
    {"Will Retain", "Bit 5. 1: the will is published as a retained message."},
    {"Will QoS", "Bits 4 and 3: the QoS with which the will is published."},
    {"Will Flag", "Bit 2. 1: a will follows, which the broker publishes if this connection is lost."},
    {"Clean Start", "Bit 1. 1: a session that the broker still has is thrown away. 0: it goes on."},
    {"Clean Session",
     "Bit 1. 1: the session begins and ends with this connection. 0: it is kept, and goes on."},
    {"Keep Alive",
     "The client says something at least as often; after one and a half times that the broker may "
     "take it for dead."},
    {"Client Identifier", "Whose session it is. Empty: the broker makes one."},
    {"Will Topic", "The topic of the will."},
    {"Will Payload", "The payload of the will."},
    {"User Name", "Masked in the trace: with some brokers it is an access token."},
    {"Password", "Masked in the trace."},
    {"Connect Acknowledge Flags", "Only bit 0 is used: Session Present."},
    {"Session Present", "Bit 0. 1: the broker has kept the session. 0: it begins a new one."},
    {"Connect Return Code", "0: the connection is accepted. Anything else: refused, and why."},
    {"Reason Code", "How it went. Below 0x80 it went well."},
    {"Topic Name", "What the message is about. Empty if the Topic Alias says it."},
    {"Packet Identifier", "Ties a packet to its answers. It is taken until the exchange has ended."},
    {"Payload", "The application's data. MQTT does not look into it."},
    {"Topic Filter", "Which topics are meant: + stands for one level, # for all that follow."},
    {"Subscription Options", "How the broker is to deliver for this filter."},
    {"Requested QoS", "The highest QoS at which the broker is to deliver for this filter."},
    {"No Local", "Bit 2. 1: messages that this client published do not come back to it."},
    {"Retain As Published", "Bit 3. 1: messages keep their RETAIN flag."},
    {"Retain Handling",
     "Bits 5 and 4. Retained messages come: 0: now. 1: now if the subscription is new. 2: not."},
    {"Property Length", "How many bytes of properties follow, in one to four bytes of seven bits."},
    {"Property Identifier", "Which property follows."},
    {"User Property Name", "A name whose meaning is the applications'."},
    {"User Property Value", "The value that belongs to the name."},
    {"Unknown", "Bytes that are no field of this packet."},
});

}  // namespace

std::string_view meaning_of(std::string_view name) {
  for (const auto& [field, meaning] : fields) {
    if (field == name) return meaning;
  }
  for (const PropertyMeaning& property : properties) {
    if (property.name == name) return property.meaning;
  }
  constexpr std::string_view length = " Length";
  if (name.ends_with(length) && !meaning_of(name.substr(0, name.size() - length.size())).empty())
    return "Two bytes: how many bytes follow.";
  return {};
}

std::string_view name_of(PropertyId id) {
  for (const PropertyMeaning& property : properties) {
    if (property.id == id) return property.name;
  }
  return "unknown property";
}

}  // namespace holdfast::tools
