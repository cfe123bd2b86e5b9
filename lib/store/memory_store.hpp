// Sessions kept in memory: they outlive their Client, not the process.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "store/store.hpp"

namespace holdfast::store {

class MemoryStore final : public Store {
 public:
  [[nodiscard]] session::Snapshot open(const Identity& identity) override;
  void commit(const Identity& identity, const session::Journal& journal) override;
  void close(const Identity& identity) noexcept override;

 private:
  struct StoredMessage {
    session::OutboundMessagePtr message;
    std::uint16_t packet_identifier = 0;
    bool released = false;
    std::uint64_t order = 0;  // Of its last step: accepted, sent or released.
  };
  struct Session {
    bool open = false;
    bool held = false;
    std::string client_id;
    std::chrono::seconds expiry{0};
    std::map<std::uint64_t, StoredMessage> messages;  // By sequence.
    std::set<std::uint16_t> inbound_received;
    std::map<std::string, session::StoredSubscription> subscriptions;
    std::uint64_t last_sequence = 0;
    std::uint64_t last_order = 0;
  };
  class Apply;

  std::mutex mutex_;  // Guards all below: Clients of several threads share one store.
  std::map<std::pair<std::string, std::string>, Session> sessions_;
};

}  // namespace holdfast::store
