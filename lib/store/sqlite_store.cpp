#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
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

std::filesystem::path existing(const std::filesystem::path& file) {
  refuse_lost_database(file);
  std::error_code failed;
  if (std::filesystem::exists(file, failed)) return file;
  throw Error(Errc::store_failed, "store " + file.string() + ": " +
                                      (failed ? failed.message() : "there is no such file: check its name"));
}

std::int64_t signed_number(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
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
  Statement forget_inbound{db, "DELETE FROM inbound"};
  Statement forget_held{db, "DELETE FROM held_identifier"};
  Statement hold_identifier{
      db, "INSERT OR IGNORE INTO held_identifier SELECT packet_identifier FROM flight WHERE sequence = ?"};
  Statement use_identifier{db, "DELETE FROM held_identifier WHERE packet_identifier = ?"};
  Statement accept{db, "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?)"};
  Statement wait_again{db, "DELETE FROM flight WHERE sequence = ?"};
  Statement send{db, "INSERT OR REPLACE INTO flight VALUES (?, ?, ?, 0, ?)"};
  Statement release{db, "UPDATE flight SET released = 1, step = ? WHERE sequence = ?"};
  Statement remove{db, "DELETE FROM message WHERE sequence BETWEEN ? AND ?"};
  Statement remove_flight{db, "DELETE FROM flight WHERE sequence BETWEEN ? AND ?"};
  Statement waiting{db, R"(
      SELECT * FROM message WHERE sequence BETWEEN ? AND ? AND sequence NOT IN (SELECT sequence FROM flight)
      ORDER BY sequence)"};
  Statement receive{db, "INSERT OR REPLACE INTO inbound VALUES (?, ?, 0)"};
  Statement received{db, "UPDATE inbound SET released = 1 WHERE packet_identifier = ?"};
  Statement subscribe{db, "INSERT OR REPLACE INTO subscription VALUES (?, ?, ?, ?, ?, ?)"};
  Statement unsubscribe{db, "DELETE FROM subscription WHERE filter = ?"};
};

/// One record after the other, into the transaction.
class SqliteStore::Apply {
 public:
  Apply(SqliteStore& store, session::TimePoint now) : store_(store), do_(*store.statements_), now_(now) {}

  void operator()(const session::record::SessionHeld& record) {
    do_.hold.run(std::string_view(record.identity.client_id), std::string_view(record.identity.server),
                 std::int64_t{record.expiry.count()});
  }
  void operator()(const session::record::SessionAlive&) { do_.alive.run(clock_now()); }
  void operator()(const session::record::SessionEnded&) {
    do_.forget_inbound.run();
    do_.forget_held.run();
    store_.any_held_ = false;
    do_.next_epoch.run();
  }
  void operator()(const session::record::Accepted& record) {
    const session::OutboundMessage& message = *record.message;
    if (message.stored()) std::erase(store_.finished_, message.sequence);  // Forgotten, and back.
    std::optional<std::int64_t> expires_at;
    if (message.expires_at() != session::never) expires_at = store_.clock_.at(message.expires_at()).count();
    do_.accept.run(signed_number(message.sequence), std::int64_t{static_cast<int>(message.qos)},
                   std::int64_t{message.retain()}, expires_at, message.topic(), message.properties().bytes(),
                   message.payload());
  }
  void operator()(const session::record::Returned& record) {
    do_.wait_again.run(signed_number(record.sequence));
  }
  void operator()(const session::record::Sent& record) {
    if (record.packet_identifier == 0) return store_.finished_.push_back(record.sequence);
    if (store_.any_held_) do_.use_identifier.run(std::int64_t{record.packet_identifier});
    do_.send.run(signed_number(record.sequence), std::int64_t{record.packet_identifier},
                 std::int64_t{static_cast<int>(record.qos)}, ++store_.last_step_);
  }
  void operator()(const session::record::Released& record) {
    do_.release.run(++store_.last_step_, signed_number(record.sequence));
  }
  void operator()(const session::record::Finished& record) { store_.finished_.push_back(record.sequence); }
  void operator()(const session::record::Held& record) {
    do_.hold_identifier.run(signed_number(record.sequence));
    store_.finished_.push_back(record.sequence);
    store_.any_held_ = true;
  }
  void operator()(const session::record::InboundReceived& record) {
    do_.receive.run(std::int64_t{record.packet_identifier}, signed_number(record.exchange));
  }
  void operator()(const session::record::InboundReleased& record) {
    do_.received.run(std::int64_t{record.packet_identifier});
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

 private:
  [[nodiscard]] std::int64_t clock_now() const { return store_.clock_.at(now_).count(); }

  SqliteStore& store_;
  Statements& do_;
  const session::TimePoint now_;
};

SqliteStore::SqliteStore(const std::filesystem::path& file, const SqliteStoreOptions& options,
                         StoreClock::System system)
    : lock_(std::in_place, beside(real_name(file), "-lock")),
      database_(with_file(real_name(file))),
      clock_(std::move(system)) {
  prepare_schema(database_);
  // In WAL mode FULL writes each commit through to the disk, NORMAL leaves that to the system.
  const bool full = options.durability == Durability::full;
  database_.execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  database_.execute("PRAGMA journal_size_limit = 4194304");
  statements_ = std::make_unique<Statements>(database_);
}

SqliteStore::SqliteStore(const std::filesystem::path& file, ReadOnly, StoreClock::System system)
    : database_(existing(real_name(file)), Access::read), clock_(std::move(system)) {
  check_schema(database_);
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
  load_in_flight(snapshot);
  load_waiting(snapshot);
  load_rest(snapshot);
  last_step_ = database_.number("SELECT max(step) FROM flight");
  database_.check_untouched();
  open_ = true;
  return snapshot;
}

void SqliteStore::load_session(session::Snapshot& snapshot, session::TimePoint now) {
  Statement session(database_, R"(
      SELECT held, client_id, server, expiry, alive_at, clock, wall, boot_id, boot_time, epoch
      FROM session)");
  if (!session.step()) throw_damaged();
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

std::uint16_t SqliteStore::identifier_in(const Statement& row) const {
  if (row.number(0) < 1 || row.number(0) > 65'535) throw_damaged();
  return static_cast<std::uint16_t>(row.number(0));
}

void SqliteStore::throw_damaged() const {
  database_.check_untouched();
  throw Error(Errc::store_failed,
              "store " + database_.file().string() +
                  ": it is damaged, and was left as it is: move it away or name another file");
}

session::OutboundMessagePtr SqliteStore::message_in(const Statement& row) const {
  const auto expires_at = row.optional_number(3);
  if (row.number(1) < 0 || row.number(1) > 2 || row.text(4).size() > 65'535) throw_damaged();
  auto message = session::OutboundMessage::make(
      {.topic = row.text(4),
       .payload = row.bytes(6),
       .qos = static_cast<QoS>(row.number(1)),
       .retain = row.number(2) != 0,
       .properties = row.bytes(5),
       .expires_at = expires_at ? clock_.time_at(milliseconds(*expires_at)) : session::never});
  message->sequence = static_cast<std::uint64_t>(row.number(0));
  return message;
}

void SqliteStore::load_in_flight(session::Snapshot& snapshot) {
  // Past PUBREC first, then sent, each in the order of its steps.
  Statement in_flight(database_, R"(
      SELECT message.*, packet_identifier, released, flight.qos FROM flight JOIN message USING (sequence)
      ORDER BY released DESC, step)");
  std::set<std::int64_t> identifiers;
  while (in_flight.step()) {
    const auto identifier = in_flight.number(7);
    const auto qos = in_flight.number(9);
    if (identifier < 1 || identifier > 65'535 || !identifiers.insert(identifier).second || qos < 1 || qos > 2)
      throw_damaged();
    auto message = message_in(in_flight);
    message->qos = static_cast<QoS>(qos);
    snapshot.messages.push_back(
        {std::move(message), static_cast<std::uint16_t>(identifier), in_flight.number(8) != 0});
  }
}

void SqliteStore::load_waiting(session::Snapshot& snapshot) {
  Statement waiting(database_, R"(
      SELECT sequence, length(CAST(topic AS BLOB)) + length(properties) + length(payload), expires_at FROM message
      WHERE sequence NOT IN (SELECT sequence FROM flight) ORDER BY sequence)");
  while (waiting.step()) {
    const auto expires_at = waiting.optional_number(2);
    session::extend(snapshot.waiting, static_cast<std::uint64_t>(waiting.number(0)),
                    static_cast<std::size_t>(waiting.number(1)),
                    expires_at ? clock_.time_at(milliseconds(*expires_at)) : session::never, {});
  }
  snapshot.last_sequence = static_cast<std::uint64_t>(database_.number("SELECT max(sequence) FROM message"));
}

std::vector<session::OutboundMessagePtr> SqliteStore::load(const session::WaitingRange& range) {
  std::vector<session::OutboundMessagePtr> found;
  statements_->waiting.start(signed_number(range.first), signed_number(range.last));
  while (statements_->waiting.step())
    found.push_back(message_in(statements_->waiting));
  database_.check_untouched();
  return found;
}

void SqliteStore::load_rest(session::Snapshot& snapshot) {
  Statement inbound(database_, "SELECT packet_identifier, exchange, released FROM inbound");
  while (inbound.step()) {
    const auto identifier = identifier_in(inbound);
    if (inbound.number(2) == 0) snapshot.inbound_received.push_back(identifier);
    snapshot.inbound_counts.push_back({identifier, static_cast<std::uint64_t>(inbound.number(1))});
  }
  // One that a message has taken since counts for that message.
  Statement held(database_, R"(
      SELECT packet_identifier FROM held_identifier
      WHERE packet_identifier NOT IN (SELECT packet_identifier FROM flight))");
  while (held.step())
    snapshot.held_identifiers.push_back(identifier_in(held));
  any_held_ = !snapshot.held_identifiers.empty();
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
}

void SqliteStore::commit(const session::Journal& journal, session::TimePoint now) {
  Statements& statements = *statements_;
  finished_.clear();
  try {
    statements.begin.run();
    Apply apply(*this, now);
    for (const session::Record& record : journal)
      std::visit(apply, record);
    remove_finished();
    save_clock(now);
    shrink();
    statements.commit.run();
  } catch (...) {
    if (database_.in_transaction()) database_.execute("ROLLBACK");
    throw;
  }
}

// What is acknowledged in order goes in one stroke.
void SqliteStore::remove_finished() {
  std::sort(finished_.begin(), finished_.end());
  for (std::size_t first = 0; first < finished_.size();) {
    std::size_t last = first;
    while (last + 1 < finished_.size() && finished_[last + 1] == finished_[last] + 1)
      ++last;
    statements_->remove.run(signed_number(finished_[first]), signed_number(finished_[last]));
    statements_->remove_flight.run(signed_number(finished_[first]), signed_number(finished_[last]));
    first = last + 1;
  }
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
void SqliteStore::shrink() {
  if (++commits_ % 64 != 0) return;
  const std::int64_t free = database_.number("PRAGMA freelist_count");
  if (free > 64 && free > database_.number("PRAGMA page_count") / 3)
    database_.execute("PRAGMA incremental_vacuum(2048)");
}

void SqliteStore::close() noexcept {
  const std::lock_guard lock(mutex_);
  if (!lock_ && database_.in_transaction()) database_.execute("ROLLBACK");
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
