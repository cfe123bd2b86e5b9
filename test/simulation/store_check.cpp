#include "simulation/store_check.hpp"

#include <variant>
#include <vector>

#include "simulation/numbered_payload.hpp"
#include "simulation/trace.hpp"

namespace holdfast::simulation {

namespace {

std::uint32_t number_of_message(const session::OutboundMessage& message) {
  const auto payload = message.payload();
  return number_of({reinterpret_cast<const char*>(payload.data()), payload.size()});
}

}  // namespace

class StoreCheck::Apply {
 public:
  explicit Apply(StoreCheck& check) : check_(check) {}

  void operator()(const session::record::SessionHeld& record) { check_.held_ = record.expiry; }
  void operator()(const session::record::SessionAlive&) {}
  void operator()(const session::record::SessionEnded&) {
    check_.received_.clear();
    check_.exchanges_.clear();
    ++check_.sessions_ended_;
    check_.held_identifiers_.clear();
  }
  void operator()(const session::record::Accepted& record) {
    const std::uint32_t number = number_of_message(*record.message);
    check_.numbers_[record.message->sequence] = number;
    check_.messages_[number] = {record.message->sequence, 0, false, ++check_.steps_};
  }
  void operator()(const session::record::Returned& record) {
    Message& message = known(record.sequence, "Returned");
    message = {message.sequence, 0, false, ++check_.steps_};
  }
  void operator()(const session::record::Sent& record) {
    Message& message = known(record.sequence, "Sent");
    message.packet_identifier = record.packet_identifier;
    check_.held_identifiers_.erase(record.packet_identifier);
    message.step = ++check_.steps_;
  }
  void operator()(const session::record::Released& record) {
    Message& message = known(record.sequence, "Released");
    message.released = true;
    message.step = ++check_.steps_;
  }
  void operator()(const session::record::Finished& record) {
    known(record.sequence, "Finished");
    check_.messages_.erase(check_.numbers_.at(record.sequence));
    check_.numbers_.erase(record.sequence);
  }
  void operator()(const session::record::Held& record) {
    check_.held_identifiers_.insert(known(record.sequence, "Held").packet_identifier);
    (*this)(session::record::Finished{record.sequence});
  }
  void operator()(const session::record::InboundReceived& record) {
    check_.received_.insert(record.packet_identifier);
    check_.exchanges_[record.packet_identifier] = record.exchange;
  }
  void operator()(const session::record::InboundReleased& record) {
    check_.received_.erase(record.packet_identifier);
  }
  void operator()(const session::record::Subscribed& record) {
    check_.filters_.insert(record.subscription.subscription.filter);
  }
  void operator()(const session::record::Unsubscribed& record) { check_.filters_.erase(record.filter); }
  void operator()(const session::record::OlderServer&) {}

 private:
  Message& known(std::uint64_t sequence, const char* record) {
    const auto found = check_.numbers_.find(sequence);
    require(found != check_.numbers_.end(), [&] {
      return std::string("a record ") + record + " of message sequence " + std::to_string(sequence) +
             ", which was not accepted or has ended";
    });
    return check_.messages_.at(found->second);
  }

  StoreCheck& check_;
};

void StoreCheck::on_committed(const session::Journal& journal) {
  Apply apply(*this);
  for (const session::Record& record : journal)
    std::visit(apply, record);
}

// Past PUBREC in the order of the PUBRECs, then in flight in the order of sending, then by sequence.
std::map<std::uint64_t, std::uint32_t> StoreCheck::expected_order() const {
  constexpr std::uint64_t group = std::uint64_t{1} << 32;
  std::map<std::uint64_t, std::uint32_t> order;
  for (const auto& [number, message] : messages_) {
    const bool in_flight = message.packet_identifier != 0;
    const std::uint64_t place = message.released ? message.step
                                : in_flight      ? group + message.step
                                                 : 2 * group + message.sequence;
    order.emplace(place, number);
  }
  return order;
}

void StoreCheck::check(const session::Snapshot& snapshot) const {
  require(snapshot.held == held_.has_value() && (!held_ || snapshot.expiry == *held_),
          [] { return "the store gave back another session than was committed"; });
  const auto order = expected_order();
  require(snapshot.messages.size() == order.size(), [&] {
    return "the store gave back " + std::to_string(snapshot.messages.size()) + " messages, committed were " +
           std::to_string(order.size());
  });
  auto expected = order.begin();
  for (const session::StoredMessage& stored : snapshot.messages) {
    const std::uint32_t number = (expected++)->second;
    const Message& message = messages_.at(number);
    require(
        number_of_message(*stored.message) == number &&
            stored.packet_identifier == message.packet_identifier && stored.released == message.released &&
            stored.message->sequence == message.sequence,
        [&] { return "the store gave back another message than was committed: " + std::to_string(number); });
  }
  const std::set<std::uint16_t> received(snapshot.inbound_received.begin(), snapshot.inbound_received.end());
  const std::set<std::uint16_t> held(snapshot.held_identifiers.begin(), snapshot.held_identifiers.end());
  require(held == held_identifiers_, [] { return "the store gave back other held identifiers"; });
  require(received == received_, [] { return "the store gave back other inbound identifiers"; });
  std::map<std::uint16_t, std::uint64_t> exchanges;
  for (const session::InboundCount& count : snapshot.inbound_counts)
    exchanges[count.packet_identifier] = count.exchanges;
  require(exchanges == exchanges_, [] { return "the store gave back other counts of inbound identifiers"; });
  require(snapshot.epoch == sessions_ended_, [] { return "the store counts its sessions wrongly"; });
  std::set<std::string> filters;
  for (const auto& stored : snapshot.subscriptions)
    filters.insert(stored.subscription.filter);
  require(filters == filters_, [] { return "the store gave back other subscriptions"; });
}

void StoreCheck::on_left(const support::Packet& packet) const {
  const auto before_record = [&] { return packet.describe() + " left before its record was committed"; };
  if (packet.type == support::PacketType::publish && packet.qos != QoS::at_most_once) {
    const auto found = messages_.find(number_of(packet.payload));
    require(found != messages_.end() && found->second.packet_identifier == packet.packet_identifier,
            before_record);
  }
  if (packet.type == support::PacketType::pubrel && !is_error(packet.reason_code)) {
    for (const auto& [number, message] : messages_) {
      // One whose message failed on our side alone has no message any more.
      if (message.packet_identifier == packet.packet_identifier) require(message.released, before_record);
    }
  }
  if (packet.type == support::PacketType::pubrec && !is_error(packet.reason_code)) {
    require(received_.count(packet.packet_identifier) != 0, before_record);
  }
}

}  // namespace holdfast::simulation
