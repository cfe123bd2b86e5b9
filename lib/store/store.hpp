// Where session state and outbox last: the interface behind Options::store.
#pragma once

#include <vector>

#include <holdfast/store.hpp>

#include "session/record.hpp"

namespace holdfast {

/// Keeps one session and its outbox beyond their Client. One Client has it open at a time. What fails throws
/// Error (Errc::store_failed) and leaves what is stored untouched.
class Store {
 public:
  Store() = default;
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Takes the session for one Client and gives all that is known of it. Throws if another Client has it.
  [[nodiscard]] virtual session::Snapshot open(session::TimePoint now) = 0;
  /// Whether what is committed takes no memory of the process: then the client lets go of what waits.
  [[nodiscard]] virtual bool frees_memory() const noexcept { return true; }
  /// The messages of a range that wait as of the last commit, in order.
  [[nodiscard]] virtual std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range) = 0;
  /// Makes the changes last, all or none, before it returns. Network thread of the Client that opened it.
  virtual void commit(const session::Journal& journal, session::TimePoint now) = 0;
  /// Gives the session back. Never throws.
  virtual void close() noexcept = 0;
};

/// The file of a sqlite_store(), as it is now, whoever has it: nothing is taken, made or changed, and
/// commit() throws. Throws Error (Errc::store_failed) if there is none, and as sqlite_store().
[[nodiscard]] std::shared_ptr<Store> read_only_sqlite_store(const std::filesystem::path& file);

}  // namespace holdfast
