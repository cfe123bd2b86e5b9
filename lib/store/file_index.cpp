#include "store/file_index.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/batch_codec.hpp"

namespace holdfast::store {

namespace {

// No store comes that far, and what is near the end of the numbers cannot be counted on.
constexpr std::uint64_t sequence_max = std::uint64_t{1} << 62;

}  // namespace

// Sequences without gaps, as they nearly always are, are found at once.
std::size_t Batch::at_or_after(std::uint64_t sequence) const {
  if (sequence <= first) return 0;
  const std::uint64_t offset = sequence - first;
  const auto without_gaps = static_cast<std::size_t>(offset);
  if (offset < messages.size() && messages[without_gaps].offset == offset) return without_gaps;
  const auto found =
      std::lower_bound(messages.begin(), messages.end(), offset,
                       [](const Message& message, std::uint64_t o) { return message.offset < o; });
  return static_cast<std::size_t>(found - messages.begin());
}

std::optional<Batch> Batch::of(std::uint64_t first, std::size_t messages, std::span<const std::byte> heads,
                               std::size_t body_bytes) {
  Batch batch{.first = first, .messages = {}, .stored_bytes = heads.size() + body_bytes};
  if (messages == 0 || messages > heads.size() || first > sequence_max) return std::nullopt;
  batch.messages.reserve(messages);
  HeadReader reader(first, heads);
  MessageHead head;
  for (std::size_t left = reader.left(); reader.next(head); left = reader.left()) {
    const std::uint64_t offset = head.sequence - first;
    if (offset > std::numeric_limits<std::uint32_t>::max() || head.size() > body_bytes) return std::nullopt;
    body_bytes -= head.size();
    const std::size_t size = left - reader.left() + head.size();
    batch.messages.push_back(
        {static_cast<std::uint32_t>(offset), 0, static_cast<std::uint32_t>(size & 0x7FFF'FFFF)});
  }
  if (reader.failed() || body_bytes != 0 || batch.messages.size() != messages) return std::nullopt;
  batch.live_bytes = batch.stored_bytes;
  batch.live = messages;
  return batch;
}

bool FileIndex::add(Batch batch) {
  const auto next = at_or_after(batch.first);
  if (next != batches_.end() && next->first <= batch.last()) return false;
  count(batches_.emplace_hint(next, batch.first, std::move(batch))->second);
  return true;
}

void FileIndex::remove(std::uint64_t first) {
  const auto found = batches_.find(first);
  if (found->second.live == 0) {
    dead_.erase(first);
  } else {
    discount(found->second);
  }
  batches_.erase(found);
}

bool FileIndex::apply(std::span<const std::byte> changes) {
  ChangeReader reader(changes);
  Change change;
  while (reader.next(change))
    apply(change);
  return !reader.failed();
}

void FileIndex::apply(const Change& change) {
  switch (change.kind) {
    case ChangeKind::accepted:
      land(change.first, change.last);
      return set_ended(change.first, change.last, false);
    case ChangeKind::ended:
      land(change.first, change.last);
      return set_ended(change.first, change.last, true);
    case ChangeKind::sent_qos1:
    case ChangeKind::sent_qos2: {
      const QoS qos = change.kind == ChangeKind::sent_qos2 ? QoS::exactly_once : QoS::at_least_once;
      held_.erase(change.identifier);
      flight_.insert_or_assign(flight_.end(), change.first,
                               Flight{change.identifier, qos, false, ++last_step_});
      return;
    }
    case ChangeKind::released:
      if (const auto found = flight_.find(change.first); found != flight_.end()) {
        found->second.released = true;
        found->second.step = ++last_step_;
      }
      return;
    case ChangeKind::returned:
      return land(change.first, change.first);
    case ChangeKind::held:
      return hold(change.first);
    case ChangeKind::identifier:
      held_.insert(change.identifier);
      return;
    case ChangeKind::inbound:
      inbound_[change.identifier] = {change.exchange, false};
      return;
    case ChangeKind::inbound_done:
      if (const auto found = inbound_.find(change.identifier); found != inbound_.end())
        found->second.released = true;
      return;
    case ChangeKind::session_ended:
      held_.clear();
      inbound_.clear();
      return;
  }
}

void FileIndex::set_ended(std::uint64_t first, std::uint64_t last, bool ended) {
  for (auto at = at_or_after(first); at != batches_.end() && at->first <= last; ++at)
    set_ended(batches_.find(at->first)->second, first, last, ended);
}

void FileIndex::set_ended(Batch& batch, std::uint64_t first, std::uint64_t last, bool ended) {
  const bool was_dead = batch.live == 0;
  if (!was_dead) discount(batch);
  for (std::size_t at = batch.at_or_after(first); at < batch.messages.size(); ++at) {
    Batch::Message& message = batch.messages[at];
    if (batch.first + message.offset > last) break;
    if ((message.ended != 0) == ended) continue;
    message.ended = ended ? 1 : 0;
    batch.live_bytes += ended ? std::size_t{0} - message.size : message.size;
    batch.live += ended ? std::size_t{0} - 1 : 1;
  }
  if (batch.live != 0) {
    count(batch);
    if (was_dead) dead_.erase(batch.first);
  } else if (!was_dead) {
    dead_.insert(batch.first);
  }
}

// No longer in flight.
void FileIndex::land(std::uint64_t first, std::uint64_t last) {
  flight_.erase(flight_.lower_bound(first), flight_.upper_bound(last));
}

void FileIndex::hold(std::uint64_t sequence) {
  if (const auto found = flight_.find(sequence); found != flight_.end()) {
    held_.insert(found->second.identifier);
    flight_.erase(found);
  }
  set_ended(sequence, sequence, true);
}

void FileIndex::count(const Batch& batch) {
  stored_bytes_ += batch.stored_bytes;
  live_bytes_ += batch.live_bytes;
  ++live_batches_;
}

void FileIndex::discount(const Batch& batch) {
  stored_bytes_ -= batch.stored_bytes;
  live_bytes_ -= batch.live_bytes;
  --live_batches_;
}

bool FileIndex::makes_sense() const {
  std::set<std::uint16_t> identifiers = held_;
  return std::all_of(flight_.begin(), flight_.end(), [&](const auto& flight) {
    const auto& [sequence, state] = flight;
    const auto at = at_or_after(sequence);
    if (at == batches_.end() || at->first > sequence) return false;
    const Batch& batch = at->second;
    const Batch::Message& message = batch.messages[batch.at_or_after(sequence)];
    return batch.first + message.offset == sequence && message.ended == 0 &&
           identifiers.insert(state.identifier).second;
  });
}

Bytes FileIndex::summary() const {
  ChangeWriter changes;
  for (const auto& [first, batch] : batches_) {
    for (auto at = batch.messages.begin(); at != batch.messages.end();) {
      const auto next = std::find_if(at, batch.messages.end(),
                                     [at](const auto& message) { return message.ended != at->ended; });
      // Between two that have ended in a row there is nothing that lives.
      if (at->ended != 0) changes.ended(first + at->offset, first + std::prev(next)->offset);
      at = next;
    }
  }
  std::vector<std::pair<std::uint64_t, const Flight*>> in_order;
  for (const auto& [sequence, flight] : flight_)
    in_order.emplace_back(sequence, &flight);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto& a, const auto& b) { return a.second->step < b.second->step; });
  for (const auto& [sequence, flight] : in_order) {
    changes.sent(sequence, flight->identifier, flight->qos);
    if (flight->released) changes.of_message(ChangeKind::released, sequence);
  }
  for (const std::uint16_t identifier : held_)
    changes.of_identifier(ChangeKind::identifier, identifier);
  for (const auto& [identifier, inbound] : inbound_) {
    changes.received(identifier, inbound.exchanges);
    if (inbound.released) changes.of_identifier(ChangeKind::inbound_done, identifier);
  }
  return changes.finish();
}

FileIndex::Batches::const_iterator FileIndex::at_or_after(std::uint64_t sequence) const {
  const auto next = batches_.upper_bound(sequence);
  if (next == batches_.begin()) return next;
  const auto before = std::prev(next);
  return before->second.last() >= sequence ? before : next;
}

std::uint64_t FileIndex::last_sequence() const {
  auto batch = batches_.end();
  while (batch != batches_.begin()) {
    const auto& [first, last_batch] = *--batch;
    const auto& messages = last_batch.messages;
    const auto live = std::find_if(messages.rbegin(), messages.rend(),
                                   [](const Batch::Message& message) { return message.ended == 0; });
    if (live != messages.rend()) return first + live->offset;
  }
  return 0;
}

}  // namespace holdfast::store
