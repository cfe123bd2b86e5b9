#include "store/store_clock.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "store/sqlite_store.hpp"
#include "store_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
using session::TimePoint;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds today = 1'790'000'000s;

/// Processes that have one store in turn: `boot` is the monotonic time of each, `wall` the calendar.
class Lives {
 public:
  /// What the next process finds, `boot` after its system has started. Each has a system's run of its own,
  /// unless they name one.
  session::Snapshot begin(milliseconds boot, milliseconds wall, const std::string& boot_id = "") {
    wall_ = wall;
    store_.reset();
    store_.emplace(directory_.path() / "session.db", SqliteStoreOptions{Durability::normal},
                   store::StoreClock::System{[this] { return wall_; }, boot_id});
    return support::open_whole(*store_, TimePoint(boot));
  }
  /// The process commits and is gone.
  void end(milliseconds boot, milliseconds wall, const session::Journal& journal) {
    wall_ = wall;
    store_->commit(journal, TimePoint(boot));
    store_.reset();
  }

 private:
  support::TemporaryDirectory directory_;
  milliseconds wall_{0};
  std::optional<store::SqliteStore> store_;
};

session::OutboundMessagePtr expiring(milliseconds at) {
  auto made =
      session::OutboundMessage::make({.topic = "t", .qos = QoS::at_least_once, .expires_at = TimePoint(at)});
  made->sequence = 1;
  return made;
}

milliseconds expiry_in(const session::Snapshot& snapshot) {
  const auto at = snapshot.messages.at(0).message->expires_at();
  return std::chrono::duration_cast<milliseconds>(at.time_since_epoch());
}

}  // namespace

TEST_CASE("a message's expiry counts while no process runs", "[store][clock]") {
  Lives lives;
  static_cast<void>(lives.begin(5s, today));
  lives.end(10s, today + 5s, {Accepted{expiring(70s)}});         // A minute is left.
  CHECK(expiry_in(lives.begin(1'000s, today + 25s)) == 1'040s);  // 20 s later: forty seconds.
}

TEST_CASE("a clock that was set back, or that boots in 1970, takes nothing from a message",
          "[store][clock]") {
  Lives lives;
  const milliseconds next = GENERATE(today - 1h, milliseconds(20s));
  static_cast<void>(lives.begin(5s, today));
  lives.end(10s, today + 5s, {Accepted{expiring(70s)}});
  CHECK(expiry_in(lives.begin(1'000s, next)) == 1'060s);
}

TEST_CASE("a board that gets its time only after it has booted loses none of what runs", "[store][clock]") {
  Lives lives;
  static_cast<void>(lives.begin(5s, 1s));            // 1970.
  lives.end(10s, today, {Accepted{expiring(70s)}});  // The network brought the time.
  CHECK(expiry_in(lives.begin(1'000s, today + 10s)) == 1'050s);
}

TEST_CASE("while the system runs, no setting of its clock counts", "[store][clock]") {
  Lives lives;
  const milliseconds next = GENERATE(today + 24h * 365, today - 24h, milliseconds(0));
  static_cast<void>(lives.begin(5s, today, "this run"));
  lives.end(10s, today + 5s, {Accepted{expiring(70s)}});
  CHECK(expiry_in(lives.begin(30s, next, "this run")) == 70s);
}

TEST_CASE("when the session was last connected is known after a kill, at the latest it can have been",
          "[store][clock]") {
  Lives lives;
  CHECK_FALSE(lives.begin(5s, today).away_since);
  lives.end(10s, today + 5s, {SessionHeld{{"me", "host"}, 60s}, SessionAlive{}});
  CHECK(lives.begin(200s, today + 65s).away_since == TimePoint(170s));  // 60 s ago, or 30 s later.
  lives.end(210s, today + 75s, {SessionHeld{{"me", "host"}, 60s}});     // Said without a connection.
  CHECK(lives.begin(300s, today + 80s).away_since == TimePoint(255s));
  lives.end(310s, today + 90s, {SessionAlive{}});
  CHECK(lives.begin(400s, today + 95s).away_since == TimePoint(400s));
}

TEST_CASE("time away that is not known counts as no time", "[store][clock]") {
  Lives lives;
  static_cast<void>(lives.begin(5s, today));
  lives.end(10s, today + 5s, {SessionHeld{{"me", "host"}, 60s}, SessionAlive{}});
  CHECK(lives.begin(100s, today - 24h).away_since == TimePoint(100s));
}
