#include "simulation/outgoing_check.hpp"

#include <algorithm>
#include <chrono>

#include "simulation/numbered_payload.hpp"
#include "simulation/trace.hpp"

namespace holdfast::simulation {

using support::Packet;
using support::PacketType;

std::string OutgoingCheck::name(std::uint32_t number) {
  return "message " + std::to_string(number);
}

OutgoingCheck::Message& OutgoingCheck::message(std::uint32_t number) {
  require(number >= 1 && number <= messages_.size(), [&] { return name(number) + " was never published"; });
  return messages_[number - 1];
}

std::uint32_t OutgoingCheck::create(std::uint32_t topic, QoS qos, session::TimePoint expires_at) {
  Message& made = messages_.emplace_back();
  made.topic = topic;
  made.qos = qos;
  made.expires_at = expires_at;
  return static_cast<std::uint32_t>(messages_.size());
}

void OutgoingCheck::on_process_started(const session::Snapshot& snapshot) {
  for (Message& message : messages_) {
    message.live = message.sent_before = message.released = message.left_here = false;
    message.packet_identifier = 0;
    message.closes = 0;
  }
  in_flight_.clear();
  must_end_.clear();
  process_ends_ = session_lost_now_ = false;
  for (const session::StoredMessage& stored : snapshot.messages) {
    const auto payload = stored.message->payload();
    const std::uint32_t number = number_of({reinterpret_cast<const char*>(payload.data()), payload.size()});
    Message& restored = message(number);
    restored.live = true;
    restored.packet_identifier = stored.packet_identifier;
    // A killed process leaves no word on whether it was written: it may have been.
    restored.sent_before = stored.packet_identifier != 0;
    restored.released = stored.released;
    if (stored.packet_identifier != 0) in_flight_[stored.packet_identifier] = number;
  }
  window_max_ = 65535;  // The Receive Maximum of the earlier process is not known any more.
}

void OutgoingCheck::on_accepted(std::uint32_t number, std::size_t packet_size) {
  message(number).live = true;
  message(number).packet_size = packet_size;
}

void OutgoingCheck::on_connected(const BrokerLimits& limits, bool session_present) {
  limits_ = limits;
  window_max_ = std::max<std::size_t>(session_present ? window_max_ : 0, limits.receive_maximum);
}

void OutgoingCheck::on_session_lost() {
  for (const auto& [identifier, number] : in_flight_) {
    Message& lost = messages_[number - 1];
    if (lost.released || options_.on_session_lost == OnSessionLost::fail) must_end_.insert(number);
    lost.packet_identifier = 0;
    lost.sent_before = lost.left_here = false;
  }
  in_flight_.clear();
  session_lost_now_ = true;
}

void OutgoingCheck::on_made(const Packet& packet, session::TimePoint now) {
  if (packet.type == PacketType::publish) on_publish_made(packet, now);
  if (packet.type == PacketType::pubrel) on_release_made(packet);
  if (packet.type == PacketType::subscribe || packet.type == PacketType::unsubscribe) {
    on_identifier_used(packet.packet_identifier, 0, packet.describe());
  }
}

void OutgoingCheck::on_identifier_used(std::uint16_t packet_identifier, std::uint32_t user,
                                       const std::string& what) {
  require(packet_identifier != 0, [&] { return what + ": packet identifier 0"; });
  const auto found = in_flight_.find(packet_identifier);
  require(found == in_flight_.end() || found->second == user,
          [&] { return what + ": the packet identifier is in use"; });
}

void OutgoingCheck::on_publish_made(const Packet& packet, session::TimePoint now) {
  const std::uint32_t number = number_of(packet.payload);
  Message& sent = message(number);
  require(sent.live, [&] { return packet.describe() + " is sent though it has ended"; });
  require(sent.qos == packet.qos, [&] { return packet.describe() + " is sent at another QoS"; });
  require(!sent.released, [&] { return packet.describe() + " is sent again after its PUBREC"; });
  require(packet.dup == sent.sent_before, [&] {
    return packet.describe() +
           (packet.dup ? " has DUP though it never left" : " has no DUP though it had left");
  });
  if (sent.packet_identifier == 0) {
    require(sent.expires_at > now, [&] { return packet.describe() + " is sent though it has expired"; });
  }
  if (sent.expires_at != session::never) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(sent.expires_at - now).count();
    const auto expected = static_cast<std::uint32_t>(std::max<std::int64_t>(left, 1));
    require(packet.properties.number(support::PropertyId::message_expiry_interval) == expected, [&] {
      return packet.describe() + " has another expiry interval than " + std::to_string(expected);
    });
  }
  if (packet.qos == QoS::at_most_once) return;
  on_identifier_used(packet.packet_identifier, number, packet.describe());
  require(sent.packet_identifier == 0 || sent.packet_identifier == packet.packet_identifier,
          [&] { return packet.describe() + " had another packet identifier before"; });
  sent.packet_identifier = packet.packet_identifier;
  in_flight_[packet.packet_identifier] = number;
}

void OutgoingCheck::on_release_made(const Packet& packet) {
  const auto found = in_flight_.find(packet.packet_identifier);
  if (found == in_flight_.end()) return;  // Given up on our side; or the answer to a PUBREC of nothing.
  require(!is_error(packet.reason_code), [&] { return packet.describe() + " denies a message in flight"; });
  Message& released = message(found->second);
  require(released.qos == QoS::exactly_once, [&] { return packet.describe() + " for a message of QoS 1"; });
  released.released = true;
}

void OutgoingCheck::on_left(const Packet& packet) {
  if (packet.type != PacketType::publish) return;
  Message& sent = message(number_of(packet.payload));
  sent.ever_left = sent.left_here = true;
  // At QoS 1 and 2 it may go out again, then with DUP; if the message has ended meanwhile, nothing of it may.
  sent.sent_before = true;
}

void OutgoingCheck::on_disconnected(bool by_peer) {
  for (const auto& [identifier, number] : in_flight_) {
    Message& sent = messages_[number - 1];
    if (by_peer && (sent.left_here || sent.released)) ++sent.closes;
    sent.left_here = false;
  }
}

void OutgoingCheck::on_identifier_freed(std::uint32_t number) {
  const auto found = in_flight_.find(message(number).packet_identifier);
  if (found != in_flight_.end() && found->second == number) in_flight_.erase(found);
}

void OutgoingCheck::on_ended(std::uint32_t number, std::optional<Errc> failure, session::TimePoint now) {
  Message& ended = message(number);
  require(ended.live, [&] { return name(number) + " ended twice, or was never accepted"; });
  if (failure) {
    require(may_fail(ended, *failure, now),
            [&] { return name(number) + " failed without reason: " + make_error_code(*failure).message(); });
  } else {
    check_success(number, ended);
  }
  ended.live = false;
  must_end_.erase(number);
  on_identifier_freed(number);
  ended.packet_identifier = 0;
}

void OutgoingCheck::check_success(std::uint32_t number, const Message& ended) const {
  if (ended.qos == QoS::at_most_once) {
    return require(ended.ever_left, [&] { return name(number) + " (QoS 0) succeeded but never left"; });
  }
  require(ended.passes > 0, [&] { return name(number) + " succeeded, but the broker never passed it on"; });
  if (ended.qos == QoS::exactly_once) {
    require(ended.released, [&] { return name(number) + " (QoS 2) succeeded without its PUBREL"; });
  }
}

bool OutgoingCheck::may_fail(const Message& failed, Errc failure, session::TimePoint now) const {
  switch (failure) {
    case Errc::closed:
      return process_ends_;
    case Errc::expired:
      return failed.expires_at <= now && failed.packet_identifier == 0;
    case Errc::dropped:
      return options_.outbox_full != OutboxFull::block && failed.packet_identifier == 0;
    case Errc::superseded:
      return failed.packet_identifier == 0 && has_newer(failed);
    case Errc::session_lost:
      return session_lost_now_ && (failed.released || options_.on_session_lost == OnSessionLost::fail);
    case Errc::request_refused:
      return failed.refused;
    case Errc::packet_too_large:
      return failed.packet_size > limits_.maximum_packet_size.value_or(0xFFFFFFFF) && !failed.released;
    case Errc::qos_not_supported:
      return failed.qos > limits_.maximum_qos && !failed.released;
    case Errc::poison:
      return options_.poison_after != 0 && failed.closes >= options_.poison_after;
    default:
      return false;
  }
}

bool OutgoingCheck::has_newer(const Message& older) const {
  const auto& rules = options_.outbox_rules;
  const std::string topic = topic_name(older.topic);
  const bool keeps_latest = std::any_of(rules.begin(), rules.end(), [&topic](const OutboxRule& rule) {
    return rule.keep_latest && rule.filter == topic;
  });
  const Message* const end = messages_.data() + messages_.size();
  return keeps_latest &&
         std::any_of(&older + 1, end, [&older](const Message& other) { return other.topic == older.topic; });
}

void OutgoingCheck::check_turn(std::size_t in_flight) {
  require(must_end_.empty(),
          [&] { return name(*must_end_.begin()) + " was to end with its session, and did not"; });
  session_lost_now_ = false;
  std::size_t published = 0;
  for (const auto& [identifier, number] : in_flight_) {
    const Message& sent = messages_[number - 1];
    published += sent.released ? 0U : 1U;
  }
  require(in_flight == in_flight_.size(), [&] {
    return "the engine holds " + std::to_string(in_flight) + " messages in flight, sent and not ended are " +
           std::to_string(in_flight_.size());
  });
  require(published <= window_max_, [&] {
    return std::to_string(published) + " PUBLISHes in flight, above every Receive Maximum of the session";
  });
}

void OutgoingCheck::check_topic(std::uint32_t number, const std::string& topic) {
  require(topic == topic_name(message(number).topic),
          [&] { return name(number) + " came to the topic \"" + topic + "\""; });
}

void OutgoingCheck::on_passed_on(std::uint32_t number, std::uint32_t incarnation) {
  Message& passed = message(number);
  require(passed.ever_left, [&] { return name(number) + " arrived but never left"; });
  const bool first = passed.passes++ == 0;
  if (passed.qos != QoS::at_least_once) {
    const bool again = !first && (passed.qos == QoS::at_most_once || passed.passed_in == incarnation);
    require(!again, [&] { return name(number) + " was passed on twice in one session"; });
  }
  passed.passed_in = incarnation;
  // One that was refused first, and whose refusal was lost, comes late and by the broker's doing.
  if (!first || passed.refused) return;
  std::uint32_t& last = last_passed_[passed.topic][static_cast<std::size_t>(passed.qos)];
  require(number > last, [&] { return name(number) + " was passed on after " + name(last); });
  last = number;
}

void OutgoingCheck::check_end() const {
  for (std::size_t index = 0; index < messages_.size(); ++index) {
    require(!messages_[index].live,
            [&] { return name(static_cast<std::uint32_t>(index + 1)) + " never ended"; });
  }
}

std::size_t OutgoingCheck::live() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(messages_.begin(), messages_.end(), [](const Message& message) { return message.live; }));
}

}  // namespace holdfast::simulation
