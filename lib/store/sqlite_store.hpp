// A session in a SQLite file: it outlives the process and, by default, a power failure.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/file_lock.hpp"
#include "store/sqlite_database.hpp"
#include "store/store.hpp"
#include "store/store_clock.hpp"

namespace holdfast::store {

/// For those who look at a file without taking it.
struct ReadOnly {};

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::filesystem::path& file, const SqliteStoreOptions& options,
              StoreClock::System system);
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
  [[nodiscard]] session::OutboundMessagePtr message_in(const Statement& row) const;
  void load_in_flight(session::Snapshot& snapshot);
  void load_waiting(session::Snapshot& snapshot);
  void load_rest(session::Snapshot& snapshot);
  [[nodiscard]] std::uint16_t identifier_in(const Statement& row) const;
  [[noreturn]] void throw_damaged() const;
  void remove_finished();
  void save_clock(session::TimePoint now);
  void shrink();

  std::optional<FileLock> lock_;  // None to read only.
  Database database_;
  std::unique_ptr<Statements> statements_;
  StoreClock clock_;
  std::mutex mutex_;  // Guards open_: Clients of two threads may ask at once.
  bool open_ = false;
  std::int64_t last_step_ = 0;
  bool any_held_ = false;
  session::TimePoint clock_saved_{};
  unsigned commits_ = 0;
  std::vector<std::uint64_t> finished_;  // Of the journal being committed.
};

}  // namespace holdfast::store
