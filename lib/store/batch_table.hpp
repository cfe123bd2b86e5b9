// The messages in the file, by batches: written once, deleted when all of them have ended, and written anew
// when too much of the file is what has ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "store/batch_codec.hpp"
#include "store/file_index.hpp"
#include "store/sqlite_database.hpp"

namespace holdfast::store {

/// How the file is kept small; tests keep it smaller.
struct FileLimits {
  /// A batch is full with this many bytes; a larger message is one alone.
  std::size_t batch_bytes = std::size_t{64} << 10;
  /// How much more than twice what lives may be stored.
  std::size_t batch_slack = std::size_t{2} << 20;
  /// How much more than twice their summary the changes may take. Much, so that a summary is rare; little,
  /// because who opens the file reads it all.
  std::size_t change_slack = std::size_t{256} << 10;
};

/// Throws Error (Errc::store_failed). The index follows only when the transaction is committed().
class BatchTable {
 public:
  BatchTable(Database& database, FileIndex& index, const FileLimits& limits);

  /// Tells the index, which is empty, of all batches.
  void load();

  // Within a transaction, in this order.

  /// A new message, or one in another's place; `body` must live until write().
  void add(const MessageHead& head, std::span<const std::byte> body) { added_.push_back({head, body}); }
  void write();
  /// Deletes what has ended, as the index knew it before the transaction.
  void tidy_up();
  /// Throws if batches would overlap: such a file could not be opened again.
  void check();

  // After it.

  void committed();
  void rolled_back() noexcept;

  /// Of all messages that have not ended, in order.
  void each_live_head(const std::function<void(const MessageHead&)>& visit);
  using Visit = std::function<void(const MessageHead&, std::span<const std::byte> body)>;
  /// Messages from `first` to `last` that have not ended, in order.
  void each_live(std::uint64_t first, std::uint64_t last, const Visit& visit);

 private:
  struct Added {
    MessageHead head;
    std::span<const std::byte> body;
  };
  using Iterator = FileIndex::Batches::const_iterator;

  static bool before(const Added& a, const Added& b);
  void write_between(std::span<const Added> added);
  void write_into(const Batch& batch, std::span<const Added> added);
  void put(const MessageHead& head, std::span<const std::byte> body);
  void flush();
  void insert(std::span<const std::byte> bodies);
  void remove(std::uint64_t first);
  [[nodiscard]] Iterator merge(Iterator at, Iterator end, std::size_t& excess);
  void rewrite(Iterator from, Iterator to);
  void find(const Batch& batch);
  void visit_found(const Batch& batch, const Visit& visit);
  void forget() noexcept;

  Database& database_;
  FileIndex& index_;
  const FileLimits limits_;
  const std::size_t batch_cost_;  // What a batch counts beyond its bytes, so that many small ones become few.
  Statement insert_;
  Statement remove_;
  Statement read_;
  std::vector<Added> added_;
  BatchWriter writer_;
  std::map<std::uint64_t, Batch> written_;  // Of the transaction, by the first sequence.
  std::set<std::uint64_t> removed_;         // Likewise.
  bool wrote_before_others_ = false;        // Likewise.
  std::uint64_t tidied_ = 0;                // Where the search for sparse batches goes on.
};

}  // namespace holdfast::store
