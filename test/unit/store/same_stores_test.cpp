// Both kinds of store, given the same random journals, hold the same.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/sqlite_store.hpp"
#include "store_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

/// Writes journals as a client might: what it sends waits, what it releases was sent.
class RandomClient {
 public:
  explicit RandomClient(std::uint32_t seed) : random_(seed) {}

  session::Journal journal() {
    session::Journal journal;
    for (std::uint32_t records = below(below(20) == 0 ? 400 : 12); records != 0; --records)
      add_record(journal);
    return journal;
  }
  /// Sequences go on after the last that the store knows, as in a new process.
  void reopened(std::uint64_t last_sequence) {
    last_sequence_ = last_sequence;
    came_back_.clear();
  }
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_()) % end; }

 private:
  enum class State : std::uint8_t { waiting, sent, released };
  struct Message {
    State state = State::waiting;
    std::uint16_t identifier = 0;
    QoS qos = QoS::at_least_once;
  };
  using BySequence = std::map<std::uint64_t, Message>;

  void add_record(session::Journal& journal) {
    const std::uint32_t kind = below(100);
    if (kind < 40) return accept(journal);
    if (kind < 58) return send(journal);
    if (kind < 68) return release(journal);
    if (kind < 88) return finish(journal);
    if (kind < 91) return finish_many(journal);
    if (kind < 93) return come_back(journal);
    if (kind < 98) return receive(journal);
    if (kind == 98) return hold(journal);
    if (below(5) == 0) end_session(journal);
  }

  void accept(session::Journal& journal) {
    last_sequence_ += below(10) == 0 ? 1 + below(5) : 1;  // QoS 0 between them is not stored.
    const bool large = below(200) == 0;
    const std::string payload(large ? below(200'000) : below(300), static_cast<char>('a' + below(26)));
    const QoS qos = below(2) == 0 ? QoS::at_least_once : QoS::exactly_once;
    journal.emplace_back(Accepted{message(last_sequence_, payload, qos)});
    messages_[last_sequence_] = {.qos = qos};
  }
  void send(session::Journal& journal) {
    const auto at = any(State::waiting);
    if (at == messages_.end()) return;
    if (below(10) == 0) {  // At QoS 0: it may come back.
      came_back_.push_back(at->first);
      journal.emplace_back(Sent{at->first, 0, QoS::at_most_once});
      messages_.erase(at);
      return;
    }
    at->second.state = State::sent;
    at->second.identifier = free_identifier();
    journal.emplace_back(Sent{at->first, at->second.identifier, at->second.qos});
  }
  void release(session::Journal& journal) {
    const auto at = any(State::sent);
    if (at == messages_.end()) return;
    at->second.state = State::released;
    journal.emplace_back(Released{at->first});
  }
  void finish(session::Journal& journal) {
    if (messages_.empty()) return;
    const auto at = any();
    taken_.erase(at->second.identifier);
    journal.emplace_back(Finished{at->first});
    messages_.erase(at);
  }
  void finish_many(session::Journal& journal) {
    for (std::uint32_t i = below(60); i != 0 && !messages_.empty(); --i) {
      const auto at = messages_.begin();
      taken_.erase(at->second.identifier);
      journal.emplace_back(Finished{at->first});
      messages_.erase(at);
    }
  }
  void come_back(session::Journal& journal) {
    if (came_back_.empty()) return;
    const auto any = came_back_.begin() + below(static_cast<std::uint32_t>(came_back_.size()));
    const std::uint64_t sequence = *any;
    came_back_.erase(any);
    journal.emplace_back(Accepted{message(sequence, "back", QoS::at_least_once)});
    messages_[sequence] = {};
  }
  void receive(session::Journal& journal) {
    const auto identifier = static_cast<std::uint16_t>(1 + below(20));
    if (below(2) == 0) {
      journal.emplace_back(InboundReceived{identifier, ++exchanges_});
    } else {
      journal.emplace_back(InboundReleased{identifier});
    }
  }
  void hold(session::Journal& journal) {
    const auto at = any(State::sent);
    if (at == messages_.end()) return;
    journal.emplace_back(Held{at->first});
    messages_.erase(at);  // Its identifier stays taken.
  }
  void end_session(session::Journal& journal) {
    for (auto& [sequence, message] : messages_) {
      if (message.state != State::waiting) journal.emplace_back(Returned{sequence});
      message = {.qos = message.qos};
    }
    taken_.clear();
    journal.emplace_back(SessionEnded{});
  }

  BySequence::iterator any() {
    return std::next(messages_.begin(), below(static_cast<std::uint32_t>(messages_.size())));
  }
  BySequence::iterator any(State state) {
    if (messages_.empty()) return messages_.end();
    const auto matches = [&](const auto& message) { return message.second.state == state; };
    return std::find_if(below(4) == 0 ? any() : messages_.begin(), messages_.end(), matches);
  }
  std::uint16_t free_identifier() {
    std::uint16_t identifier = 1;
    while (!taken_.insert(identifier).second)
      ++identifier;
    return identifier;
  }

  std::mt19937 random_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t exchanges_ = 0;
  BySequence messages_;
  std::vector<std::uint64_t> came_back_;
  std::set<std::uint16_t> taken_;
};

using Messages = std::vector<session::OutboundMessagePtr>;

std::vector<std::uint64_t> waiting(const Messages& messages) {
  std::vector<std::uint64_t> found;
  for (const auto& message : messages)
    found.push_back(message->sequence);
  return found;
}

using Whole = std::vector<std::tuple<std::uint64_t, int, bool, int, std::string>>;

Whole whole(const session::Snapshot& snapshot) {
  Whole found;
  for (const auto& [message, identifier, released] : snapshot.messages) {
    const auto payload = message->payload();
    found.emplace_back(message->sequence, identifier, released, static_cast<int>(message->qos),
                       std::string(reinterpret_cast<const char*>(payload.data()), payload.size()));
  }
  return found;
}

using Ranges = std::vector<std::tuple<std::uint64_t, std::uint64_t, std::size_t, std::size_t>>;

Ranges ranges(const session::Snapshot& snapshot) {
  Ranges found;
  for (const auto& range : snapshot.waiting)
    found.emplace_back(range.first, range.last, range.messages, range.bytes);
  return found;
}

/// A file in which everything is small, so that what is rare happens all the time, opened by one process
/// after the other.
class SmallFile {
 public:
  SmallFile() { static_cast<void>(open()); }

  session::Snapshot reopen() {
    store_.reset();
    return open();
  }
  /// The file may not grow beyond this. Whether there was room.
  [[nodiscard]] bool commit(const session::Journal& journal, rlim_t room = RLIM_INFINITY) {
    const rlimit before = limit_files(room);
    bool done = true;
    try {
      store_->commit(journal, {});
    } catch (const Error&) {
      done = false;
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    return done;
  }
  [[nodiscard]] store::SqliteStore& store() { return *store_; }

 private:
  session::Snapshot open() {
    store_.emplace(directory_.path() / "session.db", SqliteStoreOptions{Durability::normal},
                   store::StoreClock::System{[] { return std::chrono::milliseconds(0); }, ""},
                   store::FileLimits{.batch_bytes = 1'000, .batch_slack = 2'000, .change_slack = 300});
    return support::open_whole(*store_);
  }
  static rlimit limit_files(rlim_t room) {
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{std::min(room, before.rlim_max), before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return before;
  }

  support::TemporaryDirectory directory_;
  std::optional<store::SqliteStore> store_;
};

void compare(const session::Snapshot& found, const session::Snapshot& expected) {
  REQUIRE(whole(found) == whole(expected));
  REQUIRE(found.held_identifiers == expected.held_identifiers);
  REQUIRE(inbound(found) == inbound(expected));
  REQUIRE(counts(found) == counts(expected));
  REQUIRE(found.last_sequence == expected.last_sequence);
}

}  // namespace

TEST_CASE("a file gives back what memory does, whatever was committed, failed, and opened again",
          "[store][sqlite]") {
  ::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is a full disk.
  const std::uint32_t seed = GENERATE(range(1U, 21U));
  CAPTURE(seed);
  RandomClient client(seed);
  StoreUnderTest memory(Kind::memory);
  SmallFile file;
  for (int step = 0; step < 1'000; ++step) {
    CAPTURE(step);
    const session::Journal journal = client.journal();
    memory.commit(journal);
    const bool tried = client.below(10) == 0 && file.commit(journal, client.below(100'000));
    if (!tried) REQUIRE(file.commit(journal));  // Nothing was kept of one that failed.
    if (client.below(10) == 0) {                // As it goes on, without opening.
      const session::WaitingRange all{.first = 0, .last = UINT64_MAX};
      REQUIRE(waiting(file.store().load(all)) == waiting(memory.store->load(all)));
    }
    if (client.below(100) != 0) continue;
    const session::Snapshot expected = memory.reopen();
    compare(file.reopen(), expected);
    client.reopened(expected.last_sequence);
    memory.store->close();
    file.store().close();
    REQUIRE(ranges(file.store().open({})) == ranges(memory.store->open({})));
  }
}
