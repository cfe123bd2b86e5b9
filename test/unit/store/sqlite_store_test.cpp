// What only a store in a file has: files that are taken, damaged, foreign or newer, and a disk.
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <holdfast/error.hpp>

#include "store/sqlite_store.hpp"
#include "store_files.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

/// What the attempt to use the store throws; empty if nothing.
std::string refusal(const Files& files) {
  try {
    static_cast<void>(files.store()->open({}));
  } catch (const Error& error) {
    return error.code() == Errc::store_failed ? error.what() : "another code";
  }
  return "";
}

}  // namespace

TEST_CASE("the files of a store are for their owner alone", "[store][sqlite]") {
  const Files files;
  const auto store = files.store();
  static_cast<void>(store->open({}));
  store->commit({Accepted{message(1)}}, {});
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(files.file().parent_path())) {
    CAPTURE(entry.path());
    CHECK(entry.status().permissions() == std::filesystem::perms(0600));
    ++found;
  }
  CHECK(found == 4);
}

TEST_CASE("a second process is told which one has the store", "[store][sqlite]") {
  const Files files;
  const auto mine = files.store();
  const std::string me = std::to_string(::getpid());
  CHECK(in_a_process([&] {
    const std::string what = refusal(files);
    return mentions(what, "process " + me + " (" + process_name() + ")") && mentions(what, "end that one");
  }));
  CHECK(mentions(refusal(files), "process " + me));  // And a second store of this process.
}

TEST_CASE("a process that is killed leaves the store to the next", "[store][sqlite]") {
  const Files files;
  CHECK(in_a_process([&] {
    const auto store = files.store(Durability::full);
    static_cast<void>(store->open({}));
    store->commit({SessionHeld{{"me", "host"}, {}}, Accepted{message(1)}, Sent{1, 7}}, {});
    ::_exit(0);  // Nothing is destroyed.
    return true;
  }));
  CHECK(rows(support::open_whole(*files.store())) == std::vector<Row>{{1, 7, false}});
}

TEST_CASE("a damaged, cut or foreign file is refused with a sentence and left as it is", "[store][sqlite]") {
  const Files files;
  const char* expected = "left as it is";
  SECTION("no database at all") {
    files.write(std::string(5'000, '!'));
  }
  SECTION("cut") {
    files.fill();
    files.write(files.content().substr(0, 20'000));
  }
  SECTION("overwritten from the second page on") {
    files.fill();
    std::string content = files.content();
    content.replace(4'096, content.size() - 4'096, content.size() - 4'096, '\x55');
    files.write(content);
  }
  SECTION("another program's database") {
    expected = "not a store of ours";
    files.execute("CREATE TABLE landlord (letter)");
  }
  SECTION("of a newer version") {
    expected = "newer version of Holdfast (format 99";
    files.fill();
    files.execute("PRAGMA user_version = 99");
  }
  const std::string before = files.content();
  const std::string what = refusal(files);
  CAPTURE(what);
  CHECK(mentions(what, expected));
  CHECK(mentions(what, files.file().string()));
  CHECK(files.content() == before);
}

TEST_CASE("a database that was lost while its log is there is refused, and the log kept", "[store][sqlite]") {
  const Files files;
  const auto log = files.file().string() + "-wal";
  CHECK(in_a_process([&] {
    files.fill();
    const auto store = files.store();
    static_cast<void>(store->open({}));
    store->commit({Accepted{message(2)}}, {});
    ::_exit(0);
    return true;
  }));
  const auto size = std::filesystem::file_size(log);
  REQUIRE(size > 0);
  if (GENERATE(false, true)) {
    std::filesystem::remove(files.file());
  } else {
    std::filesystem::resize_file(files.file(), 0);
  }
  CHECK(mentions(refusal(files), "left as it is"));
  CHECK(std::filesystem::file_size(log) == size);
}

TEST_CASE("a file that is removed while it is in use is missed before long", "[store][sqlite]") {
  const Files files;
  const auto store = files.store();
  static_cast<void>(store->open(session::TimePoint(std::chrono::seconds(1))));
  store->commit({Accepted{message(1)}}, session::TimePoint(std::chrono::seconds(1)));
  std::filesystem::remove(files.file());
  CHECK_THROWS_AS(store->commit({Accepted{message(2)}}, session::TimePoint(std::chrono::seconds(20))), Error);
}

TEST_CASE("names with a meaning of their own to SQLite are names of files", "[store][sqlite]") {
  CHECK_THROWS_AS(sqlite_store(""), Error);
  const support::TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  {
    const auto store = sqlite_store(":memory:");
    CHECK(std::filesystem::file_size(directory.path() / ":memory:") > 0);
  }
  std::filesystem::current_path(before);
}

TEST_CASE("a link to the file is the same store", "[store][sqlite]") {
  const Files files;
  files.fill();
  const auto link = files.file().parent_path() / "link.db";
  std::filesystem::create_symlink(files.file(), link);
  const auto store = files.store();
  CHECK_THROWS_AS(sqlite_store(link), Error);
}

TEST_CASE("a place that is not there is refused with a sentence", "[store][sqlite]") {
  try {
    static_cast<void>(sqlite_store("/no such directory/session.db"));
    FAIL("made");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::store_failed);
    CHECK(mentions(error.what(), "No such file or directory"));
  }
}

TEST_CASE("a place or a file that cannot be written is refused with a sentence", "[store][sqlite]") {
  const Files files;
  files.fill();
  const auto directory = files.file().parent_path();
  const auto lock = files.file().string() + "-lock";
  SECTION("the directory") {
    std::filesystem::remove(lock);
    std::filesystem::permissions(directory, std::filesystem::perms(0555));
  }
  SECTION("the file") {
    std::filesystem::permissions(lock, std::filesystem::perms(0666));
    std::filesystem::permissions(directory, std::filesystem::perms(0777));
    std::filesystem::permissions(files.file(), std::filesystem::perms(0444));
  }
  CHECK(in_a_process([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return false;  // For root nothing is read-only.
    return mentions(refusal(files), "check owner and mode");
  }));
  std::filesystem::permissions(directory, std::filesystem::perms(0755));
}

TEST_CASE("a commit for which there is no room is told and changes nothing", "[store][sqlite]") {
  const Files files;
  files.fill();
  CHECK(in_a_process([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto store = files.store();
    static_cast<void>(store->open({}));
    const rlimit limit{500'000, 500'000};  // Of a file's size: for the store as good as a full disk.
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      store->commit({Accepted{message(2)}, Accepted{message(3, std::string(1'000'000, 'x'))}}, {});
    } catch (const Error& error) {
      if (error.code() != Errc::store_failed || !mentions(error.what(), "room")) return false;
      store->commit({Accepted{message(4)}}, {});  // A smaller one still has its place.
      return true;
    }
    return false;
  }));
  CHECK(rows(support::open_whole(*files.store())) == std::vector<Row>{{1, 0, false}, {4, 0, false}});
}

TEST_CASE("a million messages leave a file no larger than twice what it holds", "[store][sqlite]") {
  const Files files;
  const auto store = files.store();
  static_cast<void>(store->open({}));
  constexpr std::uint64_t total = 1'000'000;
  constexpr std::uint64_t batch = 10'000;
  constexpr std::uint64_t backlog = 200'000;
  const std::string payload(100, 'x');
  const auto commit = [&](std::uint64_t first, auto record) {
    session::Journal journal;
    for (std::uint64_t sequence = first; sequence < first + batch; ++sequence)
      journal.emplace_back(record(sequence));
    store->commit(journal, {});
  };
  const auto accepted = [&](std::uint64_t sequence) { return Accepted{message(sequence, payload)}; };
  const auto finished = [](std::uint64_t sequence) { return Finished{sequence}; };
  std::uintmax_t largest = 0;
  for (std::uint64_t first = 1; first <= total; first += batch) {
    commit(first, accepted);
    if (first > backlog) commit(first - backlog, finished);
    largest = std::max(largest, files.size());
  }
  const std::uintmax_t live = backlog * (payload.size() + 7);
  CHECK(largest < 2 * live);
  for (std::uint64_t first = total - backlog + 1; first <= total; first += batch)
    commit(first, finished);
  for (int i = 0; i < 1'000; ++i)
    store->commit({SessionAlive{}}, {});
  CHECK(files.size() < live / 2);  // What was given back, the system has.
}

TEST_CASE("a message that comes back to a place between batches does not spoil the file", "[store][sqlite]") {
  const Files files;
  const auto store = files.store();
  static_cast<void>(store->open({}));
  const auto accept = [&](std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t sequence = first; sequence <= last; ++sequence)
      store->commit({Accepted{message(sequence, "small")}}, {});
  };
  const auto back = message(50, "QoS 0", QoS::at_most_once);
  accept(1, 49);
  store->commit({Accepted{back}}, {});
  accept(51, 100);
  store->commit({Sent{50, 0, QoS::at_most_once}}, {});
  store->commit({SessionAlive{}}, {});  // Its batch goes.
  accept(101, 130);                     // So many small ones that it is time to gather them.
  store->commit({Accepted{back}}, {});
  accept(131, 131);
  store->close();
  CHECK(support::open_whole(*store).messages.size() == 131);
}

TEST_CASE("a calendar that jumps ahead and back at each start does not spoil the file", "[store][sqlite]") {
  using std::chrono::hours;
  const Files files;
  constexpr hours year{24 * 365};
  hours calendar{};
  const store::StoreClock::System system{[&calendar] { return std::chrono::milliseconds(calendar); }, ""};
  for (std::uint64_t start = 1; start <= 6; ++start) {
    calendar = 134 * year;  // 2104, about,
    store::SqliteStore store(files.file(), {Durability::normal}, system);
    REQUIRE(support::open_whole(store).messages.size() == start - 1);
    auto expiring = session::OutboundMessage::make(
        {.topic = "t", .qos = QoS::at_least_once, .expires_at = session::TimePoint(136 * year)});
    expiring->sequence = start;
    store.commit({Accepted{expiring}}, {});
    calendar = 60 * year;  // and 2030 as soon as somebody was asked.
    store.commit({SessionAlive{}}, session::TimePoint(hours(1)));
  }
}

TEST_CASE("what has long been undone is not kept in the file", "[store][sqlite]") {
  const Files files;
  const auto store = files.store();
  static_cast<void>(store->open({}));
  constexpr int commits = 60'000;
  for (int i = 0; i < commits / 2; ++i) {
    store->commit({InboundReceived{1, 1}}, {});
    store->commit({InboundReleased{1}}, {});
  }
  store->close();
  CHECK(files.number("SELECT count(*) FROM change") < commits / 2);
}

TEST_CASE("when one message of every batch stays, the file holds little more than those", "[store][sqlite]") {
  const Files files;
  const auto store = files.store();
  static_cast<void>(store->open({}));
  constexpr std::uint64_t total = 200'000;
  constexpr std::uint64_t batch = 1'000;
  constexpr std::uint64_t stays = 100;  // One of so many.
  const std::string payload(400, 'x');
  for (std::uint64_t first = 1; first <= total; first += batch) {
    session::Journal accepted;
    session::Journal finished;
    for (std::uint64_t sequence = first; sequence < first + batch; ++sequence) {
      accepted.emplace_back(Accepted{message(sequence, payload)});
      if (sequence % stays != 0) finished.emplace_back(Finished{sequence});
    }
    store->commit(accepted, {});
    store->commit(finished, {});
  }
  for (int i = 0; i < 1'000; ++i)
    store->commit({SessionAlive{}}, {});
  constexpr std::uintmax_t live = total / stays * 407;
  constexpr std::uintmax_t constant = 8'000'000;  // The log has half of it.
  CHECK(files.size() < 2 * live + constant);
  store->close();
  const auto snapshot = support::open_whole(*store);
  REQUIRE(snapshot.messages.size() == total / stays);
  CHECK(snapshot.messages.back().message->sequence == total);
}

TEST_CASE("messages committed one by one are gathered, and come back in order", "[store][sqlite]") {
  const Files files;
  constexpr std::uint64_t total = 20'000;
  {
    const auto store = files.store();
    static_cast<void>(store->open({}));
    for (std::uint64_t sequence = 1; sequence <= total; ++sequence)
      store->commit({Accepted{message(sequence)}}, {});
    CHECK(files.number("SELECT count(*) FROM batch") < 500);
  }
  const auto snapshot = support::open_whole(*files.store());
  REQUIRE(snapshot.messages.size() == total);
  for (std::size_t i = 0; i < total; ++i)
    CHECK(snapshot.messages[i].message->sequence == i + 1);
}

TEST_CASE("a file of the format before is brought up to date, with all it has", "[store][sqlite]") {
  const Files files;
  files.fill();
  files.execute("DROP TABLE older_server; PRAGMA user_version = 1");
  {
    const auto store = files.store();
    CHECK(store->open({}).waiting.size() == 1);
    store->commit({session::record::OlderServer{"old:1883", true}}, {});
    store->close();
  }
  CHECK(files.number("PRAGMA user_version") == 2);
  const auto store = files.store();
  const session::Snapshot snapshot = store->open({});
  CHECK(snapshot.waiting.size() == 1);
  CHECK(snapshot.older_servers == std::vector<std::string>{"old:1883"});
}
