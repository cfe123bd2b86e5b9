// 10: each message goes into a database exactly once, whenever this program is killed.
//
// Run:    10_exactly_once [mqtt://host:port [directory]]     (default mqtt://localhost, here)
// Prints: each reading as it is stored. Runs until it is killed: do that while readings come, and start it
//         again.
// Page:   docs/samples/10_exactly_once.md
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

namespace {

/// The program's own database.
class Readings {
 public:
  explicit Readings(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(file.c_str(), &opened);
    database_.reset(opened);
    if (code != SQLITE_OK) fail();
    sqlite3_busy_timeout(opened, 5000);  // Others may look into it meanwhile.
    run("CREATE TABLE IF NOT EXISTS reading (topic TEXT NOT NULL, value TEXT NOT NULL)");
    // The key of the message that had this packet identifier last. When another one has it, the earlier
    // message does not come again: so one row for each is enough, and there are at most 65,535.
    run("CREATE TABLE IF NOT EXISTS last_key (packet_identifier INTEGER PRIMARY KEY, key TEXT NOT NULL)");
  }

  /// Stores the reading and its key, both or none. False if that was done before.
  bool store(const holdfast::Message& message) {
    run("BEGIN IMMEDIATE");
    const auto key = message.key();
    const bool is_new =
        !key || remember(*key);  // What was published at QoS 1 has none: it may be there twice.
    if (is_new) run("INSERT INTO reading VALUES (?, ?)", {message.topic(), message.payload()});
    run("COMMIT");
    return is_new;
  }

 private:
  bool remember(const holdfast::MessageKey& key) {
    run("INSERT INTO last_key VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET key = excluded.key WHERE key <> excluded.key",
        {std::to_string(key.packet_identifier), to_string(key)});
    return sqlite3_changes(database_.get()) == 1;
  }

  void run(const char* sql, std::initializer_list<std::string_view> values = {}) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr) != SQLITE_OK) fail();
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(prepared, sqlite3_finalize);
    int place = 0;
    for (const std::string_view value : values)
      sqlite3_bind_text(prepared, ++place, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    if (sqlite3_step(prepared) != SQLITE_DONE) fail();
  }

  [[noreturn]] void fail() const { throw std::runtime_error(sqlite3_errmsg(database_.get())); }

  struct Close {
    void operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path directory = argc > 2 ? argv[2] : ".";
  try {
    Readings readings(directory / "readings.db");
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost",
                             .client_id = "exactly-once-sample",
                             .session_expiry = 24h,  // How long this program may be away.
                             .store = holdfast::sqlite_store(directory / "session.db"),
                             .ack = holdfast::Ack::manual,
                             .trace = trace_file()});
    client.connect();
    // A retained message that is asked for again would be a new message each time.
    const auto granted = client.subscribe(
        "plant/#",
        {.qos = holdfast::QoS::exactly_once, .retain_handling = holdfast::RetainHandling::send_if_new});
    if (is_error(granted)) throw std::runtime_error("refused: " + std::string(to_string(granted)));
    std::puts("subscribed");
    std::fflush(stdout);

    for (auto& message : client.messages()) {
      const bool is_new = readings.store(message);
      message.ack();  // Last: what a kill before this repeats is known by its key.
      std::printf("%s: %s%s\n", std::string(message.topic()).c_str(), std::string(message.payload()).c_str(),
                  is_new ? "" : " (stored before)");
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "10_exactly_once: %s\n", error.what());
    return 1;
  }
}
