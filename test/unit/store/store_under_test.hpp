// A store of either kind, and shorter words for what its tests do with it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "session/record.hpp"
#include "store/store.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "support/whole_snapshot.hpp"

namespace holdfast::test {

using namespace session::record;

inline session::OutboundMessagePtr message(std::uint64_t sequence, std::string_view payload = "payload",
                                           QoS qos = QoS::exactly_once) {
  auto made = session::OutboundMessage::make(
      {.topic = "a/topic", .payload = std::as_bytes(std::span(payload)), .qos = qos});
  made->sequence = sequence;
  return made;
}

/// Sequence, packet identifier, and whether it is past PUBREC.
using Row = std::tuple<std::uint64_t, int, bool>;

inline std::vector<Row> rows(const session::Snapshot& snapshot) {
  std::vector<Row> found;
  for (const auto& stored : snapshot.messages)
    found.emplace_back(stored.message->sequence, stored.packet_identifier, stored.released);
  return found;
}

inline std::vector<std::uint16_t> inbound(const session::Snapshot& snapshot) {
  auto identifiers = snapshot.inbound_received;
  std::sort(identifiers.begin(), identifiers.end());
  return identifiers;
}

inline std::vector<session::InboundCount> counts(const session::Snapshot& snapshot) {
  auto found = snapshot.inbound_counts;
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.packet_identifier < b.packet_identifier; });
  return found;
}

inline std::vector<std::string> filters(const session::Snapshot& snapshot) {
  std::vector<std::string> found;
  for (const auto& stored : snapshot.subscriptions)
    found.push_back(stored.subscription.filter);
  std::sort(found.begin(), found.end());
  return found;
}

enum class Kind : std::uint8_t { memory, sqlite };

/// A store that a client has open.
class StoreUnderTest {
 public:
  explicit StoreUnderTest(Kind kind) : kind_(kind) {
    make();
    static_cast<void>(store->open({}));
  }

  void commit(const session::Journal& journal) const { store->commit(journal, {}); }
  /// What the next client gets; it has the session open then. Of a file: another process.
  session::Snapshot reopen() {
    store->close();
    if (kind_ == Kind::sqlite) {
      store.reset();
      make();
    }
    return support::open_whole(*store);
  }

  std::shared_ptr<Store> store;

 private:
  void make() {
    store = kind_ == Kind::memory ? memory_store()
                                  : sqlite_store(directory_.path() / "session.db", {Durability::normal});
  }

  const Kind kind_;
  support::TemporaryDirectory directory_;
};

}  // namespace holdfast::test
