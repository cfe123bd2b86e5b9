#include "session/inbound_window.hpp"

#include <utility>

namespace holdfast::session {

namespace {
constexpr std::size_t smallest_table = 64;
}

InboundWindow::InboundWindow() : table_(smallest_table) {}

InboundWindow::Arrival InboundWindow::on_publish(std::uint16_t packet_identifier, QoS qos, bool duplicate,
                                                 std::uint64_t content) {
  Entry* known = find(packet_identifier);
  if (known == nullptr) return begin(insert(packet_identifier), qos, content);
  // At QoS 2 the identifier names the same message until PUBREL, with DUP or, from sloppy brokers, without: a
  // mosquitto that was restarted forgets it. [MQTT-4.3.3-10]
  const bool same_exchange = qos == QoS::exactly_once && known->qos == qos;
  // At QoS 1, after a reconnect, DUP says that the broker goes on with the message we hold. Without DUP it is
  // a new one: a broker that forgot must not make us drop a message. Nor must one that counts its identifiers
  // anew at each connection, as RabbitMQ does: once seen through, they say nothing any more. [MQTT-3.3.1-1,
  // MQTT-4.4.0-1]
  const bool current = known->current;
  const bool redelivery = !current && duplicate && known->qos == qos;
  const bool renumbered = redelivery && known->content != content;
  if (renumbered) renumbers_ = true;
  if (same_exchange || (redelivery && !renumbers_)) {
    Arrival arrival = repeat(*known);
    if (current) arrival.irregularity = Irregularity::same_connection;
    if (!duplicate) arrival.irregularity = Irregularity::without_dup;
    return arrival;
  }
  // An identifier used twice on one connection: both uses count as unfinished, so that this is an overrun.
  Arrival arrival = begin(*known, qos, content);
  if (current || renumbered) arrival.irregularity = Irregularity::identifier_in_use;
  return arrival;
}

void InboundWindow::refuse(std::uint16_t packet_identifier, QoS qos, ReasonCode reason) {
  Entry* known = find(packet_identifier);
  Entry& entry = known != nullptr ? *known : insert(packet_identifier);
  static_cast<void>(begin(entry, qos, 0));
  entry.progress = Progress::acknowledged;
  entry.reason = reason;
}

InboundWindow::Arrival InboundWindow::begin(Entry& entry, QoS qos, std::uint64_t content) {
  if (!properties_.empty()) properties_.erase(entry.serial);
  entry.serial = next_serial_++;
  entry.holders = 1;
  entry.content = content;
  entry.progress = Progress::waiting;
  entry.qos = qos;
  entry.reason = ReasonCode::success;
  entry.answered = false;
  entry.current = true;
  ++entry.unfinished;
  ++unfinished_;
  turn_of(qos).push_back(entry.packet_identifier);
  return {Verdict::deliver, {entry.packet_identifier, entry.serial}};
}

InboundWindow::Arrival InboundWindow::repeat(Entry& entry) {
  const Arrival arrival{Verdict::suppress, {entry.packet_identifier, entry.serial}};
  const bool again_due = entry.progress == Progress::received;
  if (!entry.current) {
    entry.current = true;
    ++entry.unfinished;
    ++unfinished_;
  } else if (!again_due) {
    return arrival;  // Its turn is already in the queue.
  }
  if (again_due) entry.progress = Progress::acknowledged;
  turn_of(entry.qos).push_back(entry.packet_identifier);
  return arrival;
}

void InboundWindow::share(InboundToken token, std::uint32_t holders) {
  if (Entry* entry = find_waiting(token)) entry->holders = holders;
}

void InboundWindow::acknowledge(InboundToken token) {
  Entry* entry = find_waiting(token);
  if (entry == nullptr || --entry->holders != 0) return;
  entry->progress = Progress::acknowledged;
}

void InboundWindow::acknowledge(InboundAnswer&& answer) {
  Entry* entry = find_waiting(answer.token);
  if (entry == nullptr || --entry->holders != 0) return;
  entry->progress = Progress::acknowledged;
  entry->reason = answer.reason;
  properties_.insert_or_assign(entry->serial, std::move(answer.properties));
}

std::optional<InboundWindow::Due> InboundWindow::next_due() {
  for (auto* turn : {&pubacks_, &pubrecs_}) {
    while (!turn->empty()) {
      Entry* entry = find(turn->front());
      const QoS qos = turn == &pubacks_ ? QoS::at_least_once : QoS::exactly_once;
      const bool gone = entry == nullptr || entry->qos != qos || entry->progress == Progress::received;
      if (!gone && entry->progress != Progress::acknowledged) break;
      turn->pop_front();
      if (gone) continue;
      Due due{entry->packet_identifier, qos, entry->reason, entry->answered, std::nullopt};
      if (!properties_.empty()) {
        if (auto found = properties_.extract(entry->serial)) due.properties = std::move(found.mapped());
      }
      if (qos == QoS::exactly_once && !is_error(entry->reason)) {
        entry->answered = true;
        entry->progress = Progress::received;
      } else {
        forget(*entry);
      }
      return due;
    }
  }
  return std::nullopt;
}

bool InboundWindow::on_pubrel(std::uint16_t packet_identifier) {
  Entry* entry = find(packet_identifier);
  // It need not have been the last PUBREC: one that is owed to a PUBLISH sent again may still wait for its
  // turn.
  if (entry == nullptr || entry->qos != QoS::exactly_once || !entry->answered) return false;
  forget(*entry);
  return true;
}

void InboundWindow::restore_received(std::uint16_t packet_identifier) {
  Entry& entry = insert(packet_identifier);
  entry.progress = Progress::received;
  entry.qos = QoS::exactly_once;
  entry.answered = true;
  entry.serial = next_serial_++;
}

void InboundWindow::on_disconnected() {
  for (Entry& entry : table_) {
    entry.current = false;
    entry.unfinished = 0;
  }
  pubacks_.clear();
  pubrecs_.clear();
  unfinished_ = 0;
}

void InboundWindow::clear() {
  table_.assign(smallest_table, Entry{});
  pubacks_.clear();
  pubrecs_.clear();
  properties_.clear();
  unfinished_ = 0;
  renumbers_ = false;
}

InboundWindow::Entry* InboundWindow::find(std::uint16_t packet_identifier) noexcept {
  Entry& entry = table_[packet_identifier & (table_.size() - 1)];
  return entry.progress != Progress::none && entry.packet_identifier == packet_identifier ? &entry : nullptr;
}

InboundWindow::Entry* InboundWindow::find_waiting(InboundToken token) noexcept {
  Entry* entry = find(token.packet_identifier);
  const bool waiting =
      entry != nullptr && entry->serial == token.serial && entry->progress == Progress::waiting;
  return waiting ? entry : nullptr;
}

InboundWindow::Entry& InboundWindow::insert(std::uint16_t packet_identifier) {
  while (table_[packet_identifier & (table_.size() - 1)].progress != Progress::none) {
    std::vector<Entry> larger(table_.size() * 2);
    for (const Entry& entry : table_) {
      if (entry.progress != Progress::none) larger[entry.packet_identifier & (larger.size() - 1)] = entry;
    }
    table_.swap(larger);
  }
  Entry& entry = table_[packet_identifier & (table_.size() - 1)];
  entry = Entry{};
  entry.packet_identifier = packet_identifier;
  return entry;
}

void InboundWindow::forget(Entry& entry) noexcept {
  unfinished_ -= entry.unfinished;
  entry.unfinished = 0;
  if (!properties_.empty()) properties_.erase(entry.serial);
  entry.progress = Progress::none;
}

}  // namespace holdfast::session
