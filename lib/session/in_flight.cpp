#include "session/in_flight.hpp"

#include <cassert>
#include <utility>

namespace holdfast::session {

namespace {
constexpr std::size_t smallest_table = 64;
constexpr std::size_t largest_table = 65536;  // Every identifier has a place of its own.
}  // namespace

InFlight::InFlight(std::uint16_t first)
    : table_(smallest_table, none), next_identifier_(first == 0 ? 1 : first) {}

InFlight::Index InFlight::add(Stage stage, OutboundMessagePtr message) {
  assert(has_room());
  if (count_ * 2 >= table_.size() && table_.size() < largest_table) grow();
  const auto occupied = [this](std::uint16_t id) { return table_[id & (table_.size() - 1)] != none; };
  const auto advance = [this] {
    next_identifier_ = static_cast<std::uint16_t>(next_identifier_ == 65535 ? 1 : next_identifier_ + 1);
  };
  while (occupied(next_identifier_))
    advance();
  const std::uint16_t identifier = next_identifier_;
  advance();
  return restore(stage, std::move(message), identifier);
}

InFlight::Index InFlight::restore(Stage stage, OutboundMessagePtr message, std::uint16_t packet_identifier) {
  while (table_[packet_identifier & (table_.size() - 1)] != none)
    grow();
  const Index index = allocate();
  InFlightEntry& entry = entries_[index];
  entry = InFlightEntry{};
  entry.message = std::move(message);
  entry.packet_identifier = packet_identifier;
  entry.stage = stage;
  place(index);
  if (List* list = list_of(stage)) append(*list, index);
  ++count_;
  return index;
}

InFlight::Index InFlight::find(std::uint16_t packet_identifier) const noexcept {
  const Index index = table_[packet_identifier & (table_.size() - 1)];
  return index != none && entries_[index].packet_identifier == packet_identifier ? index : none;
}

void InFlight::to_pubcomp(Index index) {
  unlink(index);
  entries_[index].stage = Stage::pubcomp;
  append(releases_, index);
}

void InFlight::hold(Index index) {
  unlink(index);
  entries_[index].message = {};
  entries_[index].stage = Stage::held;
}

void InFlight::remove(Index index) {
  unlink(index);
  InFlightEntry& entry = entries_[index];
  table_[entry.packet_identifier & (table_.size() - 1)] = none;
  entry.message = {};
  entry.stage = Stage::free;
  free_.push_back(index);
  --count_;
}

void InFlight::remove_all(Stage stage) {
  for (Index index = 0; index < entries_.size(); ++index) {
    if (entries_[index].stage == stage) remove(index);
  }
}

InFlight::List* InFlight::list_of(Stage stage) noexcept {
  if (stage == Stage::puback || stage == Stage::pubrec) return &publishes_;
  if (stage == Stage::pubcomp) return &releases_;
  return nullptr;
}

void InFlight::append(List& list, Index index) {
  entries_[index].next = none;
  entries_[index].previous = list.tail;
  (list.tail == none ? list.head : entries_[list.tail].next) = index;
  list.tail = index;
}

void InFlight::unlink(Index index) {
  const InFlightEntry& entry = entries_[index];
  List* list = list_of(entry.stage);
  if (list == nullptr) return;
  (entry.previous == none ? list->head : entries_[entry.previous].next) = entry.next;
  (entry.next == none ? list->tail : entries_[entry.next].previous) = entry.previous;
}

void InFlight::grow() {
  table_.assign(table_.size() * 2, none);
  for (Index index = 0; index < entries_.size(); ++index) {
    if (entries_[index].stage != Stage::free) place(index);
  }
}

void InFlight::place(Index index) {
  table_[entries_[index].packet_identifier & (table_.size() - 1)] = index;
}

InFlight::Index InFlight::allocate() {
  if (free_.empty()) {
    entries_.emplace_back();
    return static_cast<Index>(entries_.size() - 1);
  }
  const Index index = free_.back();
  free_.pop_back();
  return index;
}

}  // namespace holdfast::session
