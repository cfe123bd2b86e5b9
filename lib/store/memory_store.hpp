// A session kept in memory: it outlives its Client, not the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace holdfast::store {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const session::RangeLimits& limits = {}, std::uint64_t first_epoch = 0)
      : limits_(limits), epoch_(first_epoch) {}

  [[nodiscard]] session::Snapshot open(session::TimePoint now) override;
  [[nodiscard]] bool frees_memory() const noexcept override { return false; }
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range) override;
  void commit(const session::Journal& journal, session::TimePoint now) override;
  void close() noexcept override;

 private:
  struct StoredMessage {
    session::OutboundMessagePtr message;
    std::uint16_t packet_identifier = 0;
    bool released = false;
    std::uint64_t order = 0;  // Of its last step: sent or released.
  };
  class Apply;

  [[nodiscard]] std::vector<session::WaitingRange> waiting() const;

  const session::RangeLimits limits_;
  std::mutex mutex_;  // Guards all below: the Clients that have it one after the other may be of any thread.
  bool open_ = false;
  bool held_ = false;
  session::SessionIdentity identity_;
  std::chrono::seconds expiry_{0};
  std::uint64_t epoch_;
  std::optional<session::TimePoint> alive_at_;
  std::map<std::uint64_t, StoredMessage> messages_;  // By sequence.
  std::set<std::uint16_t> held_identifiers_;
  std::set<std::uint16_t> inbound_received_;
  std::map<std::uint16_t, std::uint64_t> inbound_counts_;
  std::map<std::string, session::StoredSubscription> subscriptions_;
  std::set<std::string> older_servers_;
  std::uint64_t last_order_ = 0;
};

}  // namespace holdfast::store
