#include "store/batch_table.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::store {

namespace {

// A batch tells sequences as offsets.
constexpr std::uint64_t offset_max = 0xFFFF'FFFF;

// Its view of the file would keep the log from beginning anew.
struct ResetAtEnd {
  Statement& statement;
  ~ResetAtEnd() { statement.reset(); }
};

std::int64_t signed_number(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

}  // namespace

BatchTable::BatchTable(Database& database, FileIndex& index, const FileLimits& limits)
    : database_(database),
      index_(index),
      limits_(limits),
      batch_cost_(limits.batch_bytes / 4),
      insert_(database, "INSERT INTO batch VALUES (?, ?, ?, ?)"),
      remove_(database, "DELETE FROM batch WHERE first_sequence = ?"),
      read_(database, "SELECT heads, bodies FROM batch WHERE first_sequence = ?") {}

void BatchTable::load() {
  rolled_back();
  tidied_ = 0;
  Statement all(database_, "SELECT first_sequence, messages, heads, length(bodies) FROM batch");
  while (all.step()) {
    const std::int64_t first = all.number(0);
    const std::int64_t messages = all.number(1);
    if (first < 0 || messages < 0) database_.fail(SQLITE_CORRUPT);
    auto batch = Batch::of(static_cast<std::uint64_t>(first), static_cast<std::size_t>(messages),
                           all.bytes(2), static_cast<std::size_t>(all.number(3)));
    if (!batch || !index_.add(*std::move(batch))) database_.fail(SQLITE_CORRUPT);
  }
}

bool BatchTable::before(const Added& a, const Added& b) {
  return a.head.sequence < b.head.sequence;
}

// New messages follow all others, but for those that come back with the sequence they had.
void BatchTable::write() {
  if (!std::is_sorted(added_.begin(), added_.end(), before))
    std::stable_sort(added_.begin(), added_.end(), before);
  const std::span<const Added> all(added_);
  for (std::size_t from = 0; from < all.size();) {
    const std::uint64_t first = all[from].head.sequence;
    const auto batch = index_.at_or_after(first);
    const bool none = batch == index_.batches().end();
    const bool within = !none && batch->first <= first;
    const std::uint64_t last = none ? UINT64_MAX : within ? batch->second.last() : batch->first - 1;
    std::size_t to = from;
    while (to < all.size() && all[to].head.sequence <= last)
      ++to;
    const auto fitting = all.subspan(from, to - from);
    within ? write_into(batch->second, fitting) : write_between(fitting);
    wrote_before_others_ |= !none;
    from = to;
  }
  added_.clear();
}

void BatchTable::write_between(std::span<const Added> added) {
  for (std::size_t i = 0; i < added.size(); ++i) {
    const bool last_word = i + 1 == added.size() || added[i + 1].head.sequence != added[i].head.sequence;
    if (last_word) put(added[i].head, added[i].body);
  }
  flush();
}

void BatchTable::write_into(const Batch& batch, std::span<const Added> added) {
  find(batch);
  remove(batch.first);
  std::vector<Added> together;
  visit_found(batch, [&](const MessageHead& head, std::span<const std::byte> body) {
    together.push_back({head, body});
  });
  together.insert(together.end(), added.begin(), added.end());
  std::stable_sort(together.begin(), together.end(), before);
  write_between(together);
  read_.reset();
}

void BatchTable::put(const MessageHead& head, std::span<const std::byte> body) {
  const bool full = writer_.bodies().size() + body.size() > limits_.batch_bytes ||
                    head.sequence - writer_.first() > offset_max;
  if (full) flush();
  writer_.add(head);
  if (body.size() >= limits_.batch_bytes) return insert(body);  // Alone, and not copied.
  writer_.append(body);
}

void BatchTable::flush() {
  if (!writer_.empty()) insert(writer_.bodies());
}

void BatchTable::insert(std::span<const std::byte> bodies) {
  const std::span<const std::byte> heads(writer_.heads());
  insert_.run(signed_number(writer_.first()), static_cast<std::int64_t>(writer_.messages()), heads, bodies);
  auto batch = Batch::of(writer_.first(), writer_.messages(), heads, bodies.size());
  if (!batch || !written_.emplace(writer_.first(), *std::move(batch)).second) database_.fail(SQLITE_INTERNAL);
  writer_.clear();
}

void BatchTable::remove(std::uint64_t first) {
  remove_.run(signed_number(first));
  removed_.insert(first);
}

void BatchTable::tidy_up() {
  if (wrote_before_others_) return;  // The index does not know of it yet: the next commit will do.
  for (const std::uint64_t first : index_.dead())
    remove(first);
  const std::size_t stored = index_.stored_bytes() + index_.live_batches() * batch_cost_;
  const std::size_t allowed = 2 * index_.live_bytes() + limits_.batch_slack;
  if (stored <= allowed) return;
  std::size_t excess = stored - allowed;
  const auto& batches = index_.batches();
  const auto middle = batches.lower_bound(tidied_);
  auto at = merge(middle, batches.end(), excess);
  if (at == batches.end()) at = merge(batches.begin(), middle, excess);
  tidied_ = at == batches.end() ? 0 : at->first;
}

// Neighbours that together fill a batch become one where that is worth it. While more is stored than twice
// what lives, there are some whose merging gives back at least half of what it writes; so the work is bounded
// by what has ended.
BatchTable::Iterator BatchTable::merge(Iterator at, Iterator end, std::size_t& excess) {
  while (at != end && excess != 0) {
    const auto from = at;
    std::size_t live = 0;
    std::size_t cost = 0;
    for (; at != end && (live == 0 || live + at->second.live_bytes <= limits_.batch_bytes); ++at) {
      live += at->second.live_bytes;
      if (at->second.live != 0) cost += at->second.stored_bytes + batch_cost_;
    }
    const std::size_t gain = live == 0 ? 0 : cost - live - batch_cost_;
    if (gain == 0 || 2 * gain < live) continue;
    rewrite(from, at);
    excess -= std::min(excess, gain);
  }
  return at;
}

void BatchTable::rewrite(Iterator from, Iterator to) {
  for (; from != to; ++from) {
    const Batch& batch = from->second;
    if (batch.live == 0) continue;  // Removed already.
    find(batch);
    remove(batch.first);
    visit_found(batch, [this](const auto& head, const auto& body) { put(head, body); });
    read_.reset();
  }
  flush();
}

// What is found is there, though the row may be removed, until the statement is reset.
void BatchTable::find(const Batch& batch) {
  read_.start(signed_number(batch.first));
  if (!read_.step()) database_.fail(SQLITE_CORRUPT);
}

void BatchTable::visit_found(const Batch& batch, const Visit& visit) {
  HeadReader heads(batch.first, read_.bytes(0));
  std::span<const std::byte> bodies = read_.bytes(1);
  MessageHead head;
  for (const Batch::Message& message : batch.messages) {
    if (!heads.next(head) || head.size() > bodies.size()) database_.fail(SQLITE_CORRUPT);
    if (message.ended == 0) visit(head, bodies.first(head.size()));
    bodies = bodies.subspan(head.size());
  }
}

void BatchTable::each_live(std::uint64_t first, std::uint64_t last, const Visit& visit) {
  for (auto at = index_.at_or_after(first); at != index_.batches().end() && at->first <= last; ++at) {
    if (at->second.live == 0) continue;
    find(at->second);
    const ResetAtEnd done{read_};
    visit_found(at->second, [&](const MessageHead& head, std::span<const std::byte> body) {
      if (head.sequence >= first && head.sequence <= last) visit(head, body);
    });
  }
}

void BatchTable::each_live_head(const std::function<void(const MessageHead&)>& visit) {
  Statement all(database_, "SELECT heads FROM batch ORDER BY first_sequence");
  for (const auto& [first, batch] : index_.batches()) {
    if (!all.step()) database_.fail(SQLITE_CORRUPT);
    HeadReader heads(first, all.bytes(0));
    MessageHead head;
    for (const Batch::Message& message : batch.messages) {
      if (!heads.next(head)) database_.fail(SQLITE_CORRUPT);
      if (message.ended == 0) visit(head);
    }
  }
}

void BatchTable::check() {
  std::uint64_t next_free = 0;
  for (const auto& [first, batch] : written_) {
    if (first < next_free) database_.fail(SQLITE_INTERNAL);
    next_free = batch.last() + 1;
    for (auto at = index_.at_or_after(first); at != index_.batches().end() && at->first < next_free; ++at) {
      if (removed_.count(at->first) == 0) database_.fail(SQLITE_INTERNAL);
    }
  }
}

void BatchTable::committed() {
  for (const std::uint64_t first : removed_)
    index_.remove(first);
  for (auto& [first, batch] : written_) {
    if (!index_.add(std::move(batch))) database_.fail(SQLITE_INTERNAL);
  }
  forget();
}

void BatchTable::rolled_back() noexcept {
  read_.reset();
  added_.clear();
  writer_.clear();
  forget();
}

void BatchTable::forget() noexcept {
  written_.clear();
  removed_.clear();
  wrote_before_others_ = false;
}

}  // namespace holdfast::store
