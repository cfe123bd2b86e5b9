// A session in a SQLite file: it outlives the process and, by default, a power failure.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "store/batch_table.hpp"
#include "store/change_table.hpp"
#include "store/file_index.hpp"
#include "store/file_lock.hpp"
#include "store/sqlite_database.hpp"
#include "store/store.hpp"
#include "store/store_clock.hpp"

namespace holdfast::store {

/// For those who look at a file without taking it.
struct ReadOnly {};

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::filesystem::path& file, const SqliteStoreOptions& options, StoreClock::System system,
              const FileLimits& limits = {});
  /// Takes no lock, makes and changes nothing; from open() to close() it gives what was there at open().
  SqliteStore(const std::filesystem::path& file, ReadOnly, StoreClock::System system);
  ~SqliteStore() override;

  [[nodiscard]] session::Snapshot open(session::TimePoint now) override;
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range) override;
  void commit(const session::Journal& journal, session::TimePoint now) override;
  void close() noexcept override;

 private:
  struct Statements;
  class Apply;

  void load_session(session::Snapshot& snapshot, session::TimePoint now);
  void load_in_flight(session::Snapshot& snapshot);
  void load_waiting(session::Snapshot& snapshot);
  void load_subscriptions(session::Snapshot& snapshot);
  [[nodiscard]] session::OutboundMessagePtr message_of(const MessageHead& head,
                                                       std::span<const std::byte> body) const;
  [[nodiscard]] session::TimePoint time_of(const MessageHead& head) const;
  void save_clock(session::TimePoint now);
  void transact(const std::function<void()>& change);
  void require_index() const;
  void shrink(std::int64_t spare);
  void tidy_up() noexcept;

  std::optional<FileLock> lock_;  // None to read only.
  Database database_;
  FileIndex index_;
  BatchTable batches_;
  ChangeTable changes_;
  std::unique_ptr<Statements> statements_;
  StoreClock clock_;
  std::mutex mutex_;  // Guards open_: Clients of two threads may ask at once.
  bool open_ = false;
  bool follows_ = true;  // The index is what the file has.
  session::TimePoint clock_saved_{};
  unsigned commits_ = 0;
};

}  // namespace holdfast::store
