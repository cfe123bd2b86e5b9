// The session's store, as a machine has it whose power may go: what was committed is there after a crash,
// and nothing else. The only place where the simulation touches a Store.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "session/record.hpp"
#include "simulation/random.hpp"
#include "simulation/trace.hpp"
#include "store/memory_store.hpp"

namespace holdfast::simulation {

class CrashableStore {
 public:
  explicit CrashableStore(const session::RangeLimits& limits)
      : store_(std::make_shared<store::MemoryStore>(limits)) {}

  [[nodiscard]] session::Snapshot open() { return store_->open({}); }
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range) {
    return store_->load(range);
  }
  /// All of `journal` lasts when it returns; nothing of it does when it throws.
  void commit(const session::Journal& journal, Clock& clock);
  /// The process ended, by itself or by a kill.
  void close() noexcept { store_->close(); }

  void be_full(bool full) noexcept { full_ = full; }
  /// The next commit takes this long.
  void be_slow_once(std::chrono::nanoseconds time) noexcept { slow_ = time; }

  /// For Options::store, by which the engine knows that there is one.
  [[nodiscard]] std::shared_ptr<Store> handle() const { return store_; }

 private:
  const std::shared_ptr<store::MemoryStore> store_;
  std::chrono::nanoseconds slow_{0};
  bool full_ = false;
};

}  // namespace holdfast::simulation
