#include "store/sqlite_schema.hpp"

#include <array>
#include <cstddef>
#include <string>

#include <holdfast/error.hpp>

namespace holdfast::store {

namespace {

// "Hold", at a fixed place in the file's head: tells our files from others. Bound to the statement below.
constexpr std::int64_t application_id = 0x486F6C64;
constexpr const char* sign = "PRAGMA application_id = 0x486F6C64";

// Times are milliseconds of the store's own clock (see StoreClock). `clock`, `wall` and
// `boot_time` were read together, the last counts from the start of the system with that `boot_id`;
// `alive_at` is when the session's connection was last known to be up. `epoch` counts sessions, from
// anywhere: a new file's are not those of the file that was removed. A row of `batch` holds many messages
// (see batch_codec.hpp), one of `change` all that a commit changes of them (see change_codec.hpp).
constexpr const char* version_1 = R"(
CREATE TABLE session (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  held INTEGER NOT NULL, client_id TEXT NOT NULL, server TEXT NOT NULL, expiry INTEGER NOT NULL,
  epoch INTEGER NOT NULL, alive_at INTEGER, clock INTEGER NOT NULL, wall INTEGER NOT NULL,
  boot_id TEXT NOT NULL, boot_time INTEGER NOT NULL) STRICT;
INSERT INTO session VALUES (1, 0, '', '', 0, random() & 0xFFFFFFFF, NULL, 0, 0, '', 0);
CREATE TABLE batch (
  first_sequence INTEGER PRIMARY KEY, messages INTEGER NOT NULL, heads BLOB NOT NULL,
  bodies BLOB NOT NULL) STRICT;
CREATE TABLE change (id INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT;
CREATE TABLE subscription (
  filter TEXT PRIMARY KEY, qos INTEGER NOT NULL, no_local INTEGER NOT NULL,
  retain_as_published INTEGER NOT NULL, retain_handling INTEGER NOT NULL, identifier INTEGER)
  STRICT, WITHOUT ROWID;
)";

// Servers that speak MQTT 3.1.1 and not MQTT 5.
constexpr const char* version_2 = R"(
CREATE TABLE older_server (endpoint TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
)";

// The script at index n makes a file of version n one of version n + 1.
constexpr std::array migrations{version_1, version_2};
constexpr auto newest = static_cast<std::int64_t>(migrations.size());

void migrate(Database& database, std::int64_t version) {
  database.execute("BEGIN IMMEDIATE");
  for (std::int64_t from = version; from < newest; ++from)
    database.execute(migrations.at(static_cast<std::size_t>(from)));
  database.execute(sign);
  database.execute(("PRAGMA user_version = " + std::to_string(newest)).c_str());
  database.execute("COMMIT");
}

std::string subject_of(const Database& database) {
  return "store " + database.file().string() + ": ";
}

bool is_empty(Database& database) {
  return database.number("SELECT count(*) FROM sqlite_schema") == 0;
}

// Refuses what is not ours or newer; the version of what it lets pass.
std::int64_t known_version(Database& database) {
  const std::string subject = subject_of(database);
  const std::int64_t version = database.number("PRAGMA user_version");
  if (!is_empty(database) && database.number("PRAGMA application_id") != application_id) {
    throw Error(Errc::store_failed, subject + "this database is not a store of ours: name another file");
  }
  if (version > newest) {
    throw Error(Errc::store_failed, subject + "it was written by a newer version of Holdfast (format " +
                                        std::to_string(version) + ", this one knows " +
                                        std::to_string(newest) + "): use that version or another file");
  }
  return version;
}

}  // namespace

void check_schema(Database& database) {
  const std::int64_t version = known_version(database);
  if (is_empty(database)) throw Error(Errc::store_failed, subject_of(database) + "it is empty: no store yet");
  if (version == newest) return;
  throw Error(Errc::store_failed, subject_of(database) +
                                      "it was written by an older version of Holdfast: the first Client that "
                                      "uses it brings it up to date");
}

void prepare_schema(Database& database) {
  const std::int64_t version = known_version(database);
  const bool empty = is_empty(database);
  if (empty) database.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL");  // Now or never.
  Statement mode(database, "PRAGMA journal_mode = WAL");
  if (!mode.step() || mode.text(0) != "wal") {
    throw Error(Errc::store_failed,
                subject_of(database) + "no write-ahead log is possible here: name a file on a local disk");
  }
  mode.step();
  if (version < newest) migrate(database, version);
}

}  // namespace holdfast::store
