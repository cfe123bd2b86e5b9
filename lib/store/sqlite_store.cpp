#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <holdfast/error.hpp>

#include "store/sqlite_schema.hpp"

namespace holdfast::store {

namespace {

using std::chrono::milliseconds;

// How old the saved clock may be; what is lost of it counts as time away that is not known.
constexpr std::chrono::seconds clock_period{10};

// As many free pages are worth more than what giving them back would save: they will be used again.
constexpr std::int64_t spare_pages = 512;

std::filesystem::path beside(std::filesystem::path file, const char* ending) {
  return file += ending;
}

// Whoever names the file by a link gets the same lock, and no name has a meaning of its own to SQLite.
std::filesystem::path real_name(const std::filesystem::path& file) {
  if (file.empty()) throw Error(Errc::store_failed, "store: the file's name is empty: name one");
  std::error_code failed;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(file), failed);
  return failed ? std::filesystem::absolute(file) : real;
}

// SQLite would throw a log away that has lost its database.
void refuse_lost_database(const std::filesystem::path& file) {
  std::error_code absent;
  const bool log = std::filesystem::file_size(beside(file, "-wal"), absent) != 0 && !absent;
  const bool empty = std::filesystem::file_size(file, absent) == 0 || absent;
  if (log && empty) {
    throw Error(Errc::store_failed,
                "store " + file.string() +
                    ": it is damaged: the file is empty but its -wal is not, and was left as it "
                    "is: bring the file back or name another");
  }
}

// SQLite would make the file readable for all.
std::filesystem::path with_file(const std::filesystem::path& file) {
  refuse_lost_database(file);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
  return file;  // What is wrong with it SQLite says better.
}

Database taken(const std::filesystem::path& file) {
  Database database(with_file(file));
  prepare_schema(database);
  return database;
}

Database looked_at(const std::filesystem::path& file) {
  refuse_lost_database(file);
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    throw Error(Errc::store_failed,
                "store " + file.string() + ": " +
                    (failed ? failed.message() : "there is no such file: check its name"));
  }
  Database database(file, Access::read);
  check_schema(database);
  return database;
}

}  // namespace

struct SqliteStore::Statements {
  explicit Statements(Database& database) : db(database) {}

  Database& db;
  Statement begin{db, "BEGIN IMMEDIATE"};
  Statement commit{db, "COMMIT"};
  Statement hold{db, "UPDATE session SET held = 1, client_id = ?, server = ?, expiry = ?"};
  Statement alive{db, "UPDATE session SET alive_at = ?"};
  Statement clock{db, "UPDATE session SET clock = ?, wall = ?, boot_id = ?, boot_time = ?"};
  Statement next_epoch{db, "UPDATE session SET epoch = epoch + 1"};
  Statement subscribe{db, "INSERT OR REPLACE INTO subscription VALUES (?, ?, ?, ?, ?, ?)"};
  Statement unsubscribe{db, "DELETE FROM subscription WHERE filter = ?"};
  Statement add_older{db, "INSERT OR IGNORE INTO older_server VALUES (?)"};
  Statement remove_older{db, "DELETE FROM older_server WHERE endpoint = ?"};
};

/// One record after the other, into the transaction.
class SqliteStore::Apply {
 public:
  Apply(SqliteStore& store, session::TimePoint now)
      : store_(store), do_(*store.statements_), changes_(store.changes_.changes()), now_(now) {}

  void operator()(const session::record::SessionHeld& record) {
    do_.hold.run(std::string_view(record.identity.client_id), std::string_view(record.identity.server),
                 std::int64_t{record.expiry.count()});
  }
  void operator()(const session::record::SessionAlive&) { do_.alive.run(clock_now()); }
  void operator()(const session::record::SessionEnded&) {
    changes_.session_ended();
    do_.next_epoch.run();
  }
  void operator()(const session::record::Accepted& record) {
    const session::OutboundMessage& message = *record.message;
    MessageHead head{.sequence = message.sequence,
                     .qos = message.qos,
                     .retain = message.retain(),
                     .expires_at = std::nullopt,
                     .topic_size = message.topic().size(),
                     .properties_size = message.properties().bytes().size(),
                     .payload_size = message.payload().size()};
    if (message.expires_at() != session::never) head.expires_at = store_.clock_.at(message.expires_at());
    store_.batches_.add(head, message.contents());
    changes_.accepted(message.sequence);
  }
  void operator()(const session::record::Returned& record) {
    changes_.of_message(ChangeKind::returned, record.sequence);
  }
  void operator()(const session::record::Sent& record) {
    if (record.packet_identifier == 0) return changes_.ended(record.sequence);
    changes_.sent(record.sequence, record.packet_identifier, record.qos);
  }
  void operator()(const session::record::Released& record) {
    changes_.of_message(ChangeKind::released, record.sequence);
  }
  void operator()(const session::record::Finished& record) { changes_.ended(record.sequence); }
  void operator()(const session::record::Held& record) {
    changes_.of_message(ChangeKind::held, record.sequence);
  }
  void operator()(const session::record::InboundReceived& record) {
    changes_.received(record.packet_identifier, record.exchange);
  }
  void operator()(const session::record::InboundReleased& record) {
    changes_.of_identifier(ChangeKind::inbound_done, record.packet_identifier);
  }
  void operator()(const session::record::Subscribed& record) {
    const auto& [filter, options] = record.subscription.subscription;
    std::optional<std::int64_t> identifier = record.subscription.subscription_identifier;
    do_.subscribe.run(std::string_view(filter), std::int64_t{static_cast<int>(options.qos)},
                      std::int64_t{options.no_local}, std::int64_t{options.retain_as_published},
                      std::int64_t{static_cast<int>(options.retain_handling)}, identifier);
  }
  void operator()(const session::record::Unsubscribed& record) {
    do_.unsubscribe.run(std::string_view(record.filter));
  }
  void operator()(const session::record::OlderServer& record) {
    (record.older ? do_.add_older : do_.remove_older).run(std::string_view(record.endpoint));
  }

 private:
  [[nodiscard]] std::int64_t clock_now() const { return store_.clock_.at(now_).count(); }

  SqliteStore& store_;
  Statements& do_;
  ChangeWriter& changes_;
  const session::TimePoint now_;
};

SqliteStore::SqliteStore(const std::filesystem::path& file, const SqliteStoreOptions& options,
                         StoreClock::System system, const FileLimits& limits)
    : lock_(std::in_place, beside(real_name(file), "-lock")),
      database_(taken(real_name(file))),
      batches_(database_, index_, limits),
      changes_(database_, index_, limits.change_slack),
      clock_(std::move(system)) {
  // In WAL mode FULL writes each commit through to the disk, NORMAL leaves that to the system.
  const bool full = options.durability == Durability::full;
  database_.execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  // Above what the log comes to between checkpoints: to cut it and let it grow again costs more than it
  // saves.
  database_.execute("PRAGMA journal_size_limit = 8388608");
  // Some systems' SQLite overwrites what is deleted with zeros: as many writes again.
  database_.execute("PRAGMA secure_delete = OFF");
  statements_ = std::make_unique<Statements>(database_);
}

SqliteStore::SqliteStore(const std::filesystem::path& file, ReadOnly, StoreClock::System system)
    : database_(looked_at(real_name(file))),
      batches_(database_, index_, {}),
      changes_(database_, index_, FileLimits{}.change_slack),
      clock_(std::move(system)) {
  statements_ = std::make_unique<Statements>(database_);
}

SqliteStore::~SqliteStore() = default;

session::Snapshot SqliteStore::open(session::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (open_) {
    throw Error(Errc::store_failed,
                "store " + database_.file().string() +
                    ": another Client has it: give each a store and a client id of its own");
  }
  if (!lock_ && !database_.in_transaction())
    database_.execute("BEGIN");  // One view of it until close(), whoever writes.
  session::Snapshot snapshot;
  load_session(snapshot, now);
  index_ = {};
  batches_.load();
  changes_.load();
  follows_ = true;
  load_in_flight(snapshot);
  load_waiting(snapshot);
  load_subscriptions(snapshot);
  snapshot.last_sequence = index_.last_sequence();
  snapshot.held_identifiers.assign(index_.held().begin(), index_.held().end());
  for (const auto& [identifier, inbound] : index_.inbound()) {
    if (!inbound.released) snapshot.inbound_received.push_back(identifier);
    snapshot.inbound_counts.push_back({identifier, inbound.exchanges});
  }
  database_.check_untouched();
  open_ = true;
  return snapshot;
}

void SqliteStore::load_session(session::Snapshot& snapshot, session::TimePoint now) {
  Statement session(database_, R"(
      SELECT held, client_id, server, expiry, alive_at, clock, wall, boot_id, boot_time, epoch
      FROM session)");
  if (!session.step()) database_.fail(SQLITE_CORRUPT);
  clock_.start({milliseconds(session.number(5)), milliseconds(session.number(6)),
                std::string(session.text(7)), milliseconds(session.number(8))},
               now);
  clock_saved_ = {};
  snapshot.held = session.number(0) != 0;
  snapshot.identity = {std::string(session.text(1)), std::string(session.text(2))};
  snapshot.expiry = std::chrono::seconds(session.number(3));
  snapshot.epoch = static_cast<std::uint64_t>(session.number(9));
  if (const auto alive_at = session.optional_number(4)) {
    const auto last_word = clock_.time_at(milliseconds(*alive_at));
    snapshot.away_since = std::min(now, last_word + session::alive_period);
  }
}

session::OutboundMessagePtr SqliteStore::message_of(const MessageHead& head,
                                                    std::span<const std::byte> body) const {
  return make_message(head, body, time_of(head));
}

session::TimePoint SqliteStore::time_of(const MessageHead& head) const {
  return head.expires_at ? clock_.time_at(*head.expires_at) : session::never;
}

// Past PUBREC first, then sent, each in the order of its steps.
void SqliteStore::load_in_flight(session::Snapshot& snapshot) {
  std::vector<std::pair<const Flight*, session::StoredMessage>> found;
  const auto& all = index_.flight();
  for (auto at = all.begin(); at != all.end();) {  // One batch at a time.
    const std::uint64_t last = index_.at_or_after(at->first)->second.last();
    batches_.each_live(at->first, last, [&](const auto& head, const auto& body) {
      const auto flight = all.find(head.sequence);
      if (flight == all.end()) return;
      auto message = message_of(head, body);
      message->qos = flight->second.qos;
      found.push_back(
          {&flight->second, {std::move(message), flight->second.identifier, flight->second.released}});
    });
    at = all.upper_bound(last);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first->released != b.first->released ? a.first->released : a.first->step < b.first->step;
  });
  for (auto& [flight, message] : found)
    snapshot.messages.push_back(std::move(message));
}

void SqliteStore::load_waiting(session::Snapshot& snapshot) {
  batches_.each_live_head([&](const MessageHead& head) {
    if (!index_.in_flight(head.sequence))
      session::extend(snapshot.waiting, head.sequence, head.size(), time_of(head), {});
  });
}

std::vector<session::OutboundMessagePtr> SqliteStore::load(const session::WaitingRange& range) {
  require_index();
  std::vector<session::OutboundMessagePtr> found;
  batches_.each_live(range.first, range.last, [&](const auto& head, const auto& body) {
    if (!index_.in_flight(head.sequence)) found.push_back(message_of(head, body));
  });
  database_.check_untouched();
  return found;
}

void SqliteStore::load_subscriptions(session::Snapshot& snapshot) {
  Statement subscriptions(database_, "SELECT * FROM subscription");
  while (subscriptions.step()) {
    SubscriptionOptions options;
    options.qos = static_cast<QoS>(subscriptions.number(1));
    options.no_local = subscriptions.number(2) != 0;
    options.retain_as_published = subscriptions.number(3) != 0;
    options.retain_handling = static_cast<RetainHandling>(subscriptions.number(4));
    const auto identifier = subscriptions.optional_number(5);
    snapshot.subscriptions.push_back(
        {{std::string(subscriptions.text(0)), options},
         identifier ? std::optional(static_cast<std::uint32_t>(*identifier)) : std::nullopt});
  }
  Statement older_servers(database_, "SELECT endpoint FROM older_server");
  while (older_servers.step())
    snapshot.older_servers.emplace_back(older_servers.text(0));
}

void SqliteStore::commit(const session::Journal& journal, session::TimePoint now) {
  transact([&] {
    Apply apply(*this, now);
    for (const session::Record& record : journal)
      std::visit(apply, record);
    batches_.write();
    batches_.tidy_up();
    changes_.write();
    save_clock(now);
    if (++commits_ % 64 == 0) shrink(spare_pages);
  });
}

// All of `change` or nothing; what we know of the file follows when it is done.
void SqliteStore::transact(const std::function<void()>& change) {
  require_index();
  try {
    statements_->begin.run();
    change();
    batches_.check();
    statements_->commit.run();
  } catch (...) {
    batches_.rolled_back();
    changes_.rolled_back();
    if (database_.in_transaction()) database_.execute("ROLLBACK");
    throw;
  }
  follows_ = false;
  batches_.committed();
  changes_.committed();
  follows_ = true;
}

// Without memory for what it has to know of the file the store is of no use until it is opened again.
void SqliteStore::require_index() const {
  if (follows_) return;
  throw Error(Errc::store_failed, "store " + database_.file().string() +
                                      ": memory ran out amid a commit: end the Client and make another");
}

void SqliteStore::save_clock(session::TimePoint now) {
  if (clock_saved_ != session::TimePoint{} && now - clock_saved_ < clock_period) return;
  if (database_.has_moved()) {
    throw Error(Errc::store_failed, "store " + database_.file().string() +
                                        ": the file is no longer there: was it removed or renamed?");
  }
  clock_saved_ = now;
  const ClockReading reading = clock_.reading(now);
  statements_->clock.run(std::int64_t{reading.clock.count()}, std::int64_t{reading.wall.count()},
                         std::string_view(reading.boot_id), std::int64_t{reading.boot.count()});
}

// Pages that were freed are used again; when most of the file is such pages, it gives some back to the
// system, a few at a time so that no commit takes long.
void SqliteStore::shrink(std::int64_t spare) {
  const std::int64_t free = database_.number("PRAGMA freelist_count");
  if (free > spare && free > database_.number("PRAGMA page_count") / 3)
    database_.execute("PRAGMA incremental_vacuum(2048)");
}

// What the last commit left dead need not wait for the next process.
void SqliteStore::tidy_up() noexcept {
  try {
    if (!index_.dead().empty()) transact([this] { batches_.tidy_up(); });
    shrink(0);
  } catch (const std::exception&) {
    // It waits for the next process.
  }
}

void SqliteStore::close() noexcept {
  const std::lock_guard lock(mutex_);
  if (!lock_ && database_.in_transaction()) database_.execute("ROLLBACK");
  if (lock_ && open_) tidy_up();
  open_ = false;
}

namespace {

StoreClock::System this_system() {
  const auto wall = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
  };
  std::string boot_id;  // Linux has one; elsewhere the calendar has to do.
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot_id);
  return {wall, boot_id};
}

}  // namespace

}  // namespace holdfast::store

namespace holdfast {
std::shared_ptr<Store> sqlite_store(const std::filesystem::path& file, const SqliteStoreOptions& options) {
  return std::make_shared<store::SqliteStore>(file, options, store::this_system());
}

std::shared_ptr<Store> read_only_sqlite_store(const std::filesystem::path& file) {
  return std::make_shared<store::SqliteStore>(file, store::ReadOnly{}, store::this_system());
}
}  // namespace holdfast
