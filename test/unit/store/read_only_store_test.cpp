// A file that is looked at and not taken.
#include <signal.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <holdfast/error.hpp>

#include "store_files.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Rows = std::vector<Row>;

/// Another process that has the store, until it is destroyed: killed, so that nothing is tidied up.
class Owner {
 public:
  Owner(const Files& files, const session::Journal& journal) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    process_ = ::fork();
    if (process_ == 0) {
      const auto store = files.store();
      static_cast<void>(store->open({}));
      store->commit(journal, {});
      static_cast<void>(!::write(ready[1], "!", 1));
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    const bool told = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    REQUIRE(told);
  }
  ~Owner() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

 private:
  pid_t process_ = -1;
};

Rows rows_read(const Files& files) {
  return rows(support::open_whole(*read_only_sqlite_store(files.file())));
}

std::string refusal(const std::filesystem::path& file) {
  try {
    static_cast<void>(read_only_sqlite_store(file)->open({}));
  } catch (const Error& error) {
    return error.code() == Errc::store_failed ? error.what() : "another code";
  }
  return "";
}

}  // namespace

TEST_CASE("a store is read while another process has it, and after that was killed", "[store][read-only]") {
  const Files files;
  {
    const Owner owner(
        files, {SessionHeld{{"me", "host"}, {}}, Accepted{message(1)}, Accepted{message(2)}, Sent{2, 7}});
    CHECK(rows_read(files) == Rows{{2, 7, false}, {1, 0, false}});
  }
  const auto before = files.all();
  CHECK(rows_read(files) == Rows{{2, 7, false}, {1, 0, false}});
  CHECK(files.all() == before);
}

TEST_CASE("a reader hinders nobody", "[store][read-only]") {
  const Files files;
  files.fill();
  const auto reader = read_only_sqlite_store(files.file());
  static_cast<void>(reader->open({}));
  const auto owner = files.store();
  CHECK(rows(support::open_whole(*owner)) == Rows{{1, 0, false}});
  CHECK_NOTHROW(owner->commit({Finished{1}}, {}));
  CHECK(rows_read(files).empty());
}

TEST_CASE("a reader sees all as it was when it looked, until it looks again", "[store][read-only]") {
  const Files files;
  const auto owner = files.store();
  static_cast<void>(owner->open({}));
  owner->commit({Accepted{message(1)}, Accepted{message(2)}}, {});
  const auto reader = read_only_sqlite_store(files.file());
  const auto snapshot = reader->open({});
  owner->commit({Finished{1}, Sent{2, 7}}, {});
  CHECK(reader->load(snapshot.waiting.at(0)).size() == 2);
  reader->close();
  CHECK(rows(support::open_whole(*reader)) == Rows{{2, 7, false}});
}

TEST_CASE("reading changes no file and leaves none", "[store][read-only]") {
  const Files files;
  files.fill();
  std::filesystem::remove(files.file().string() + "-lock");
  const auto before = files.all();
  REQUIRE(before.size() == 1);
  CHECK(rows_read(files) == Rows{{1, 0, false}});
  CHECK(files.all() == before);
}

TEST_CASE("a file in a place where nothing may be written is read", "[store][read-only]") {
  const Files files;
  files.fill();
  const auto directory = files.file().parent_path();
  std::filesystem::permissions(files.file(), std::filesystem::perms(0444));
  std::filesystem::permissions(directory, std::filesystem::perms(0555));
  CHECK(in_a_process([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return false;  // For root nothing is read-only.
    return rows_read(files) == Rows{{1, 0, false}};
  }));
  std::filesystem::permissions(directory, std::filesystem::perms(0755));
}

TEST_CASE("a reader refuses to write", "[store][read-only]") {
  const Files files;
  files.fill();
  const auto before = files.all();
  const auto reader = read_only_sqlite_store(files.file());
  static_cast<void>(reader->open({}));
  CHECK_THROWS_AS(reader->commit({Finished{1}}, {}), Error);
  CHECK(files.all() == before);
}

TEST_CASE("what cannot be read is refused with a sentence, and left as it is", "[store][read-only]") {
  const Files files;
  const char* expected = "left as it is";
  SECTION("nothing") {
    expected = "there is no such file";
  }
  SECTION("an empty file") {
    expected = "no store yet";
    files.write("");
  }
  SECTION("no database at all") {
    files.write(std::string(5'000, '!'));
  }
  SECTION("a store that was cut") {
    files.fill();
    files.write(files.content().substr(0, 20'000));
  }
  SECTION("another program's database") {
    expected = "not a store of ours";
    files.execute("CREATE TABLE landlord (letter)");
  }
  SECTION("one of a newer version") {
    expected = "newer version of Holdfast (format 99";
    files.fill();
    files.execute("PRAGMA user_version = 99");
  }
  SECTION("one of an older version") {
    expected = "older version of Holdfast";
    files.fill();
    files.execute("PRAGMA user_version = 0");
  }
  SECTION("a log that has lost its database") {
    std::ofstream(files.file().string() + "-wal") << "log";
  }
  const auto before = files.all();
  const std::string what = refusal(files.file());
  CAPTURE(what);
  CHECK(mentions(what, expected));
  CHECK(mentions(what, files.file().string()));
  CHECK(files.all() == before);
}

TEST_CASE("a reader whom a process overtakes with a file that had no log says so", "[store][read-only]") {
  const Files files;
  files.fill();
  // So that the time of the change is another one, however coarse the clock.
  std::filesystem::last_write_time(files.file(),
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const auto reader = read_only_sqlite_store(files.file());
  const auto snapshot = reader->open({});
  {
    const auto owner = files.store();
    static_cast<void>(owner->open({}));
    owner->commit({Accepted{message(2)}}, {});
  }
  try {
    static_cast<void>(reader->load(snapshot.waiting.at(0)));
    FAIL_CHECK("it gave what may be worth nothing");
  } catch (const Error& error) {
    CHECK(mentions(error.what(), "another process took it while it was read"));
  }
}

TEST_CASE("any name of a file is a name to read it by", "[store][read-only]") {
  const support::TemporaryDirectory directory;
  const auto file = directory.path() / "100%41?mode=memory#1.db";
  {
    const auto store = sqlite_store(file);
    static_cast<void>(store->open({}));
    store->commit({Accepted{message(1)}}, {});
  }
  CHECK(rows(support::open_whole(*read_only_sqlite_store(file))) == Rows{{1, 0, false}});
}
