// The files of a store, for tests that look at them from outside, or do them harm.
#pragma once

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "store/sqlite_database.hpp"
#include "store_under_test.hpp"

namespace holdfast::test {

class Files {
 public:
  [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "session.db"; }
  [[nodiscard]] std::shared_ptr<Store> store(Durability durability = Durability::normal) const {
    return sqlite_store(file(), {durability});
  }
  /// Puts one message in, and leaves.
  void fill() const {
    const auto made = store();
    static_cast<void>(made->open({}));
    made->commit({Accepted{message(1, std::string(100'000, 'x'))}}, {});
  }
  [[nodiscard]] std::string content() const { return content_of(file()); }
  void write(const std::string& content) const { std::ofstream(file(), std::ios::binary) << content; }
  void execute(const std::string& sql) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file().c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }
  /// What a query says.
  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    return store::Database(file()).number(sql.c_str());
  }
  [[nodiscard]] std::string blob(const std::string& sql) const {
    store::Database database(file());
    store::Statement query(database, sql.c_str());
    REQUIRE(query.step());
    const auto bytes = query.bytes(0);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Runs it with a BLOB for its parameter.
  void execute(const std::string& sql, const std::string& blob) const {
    store::Database database(file());
    store::Statement(database, sql.c_str()).run(std::as_bytes(std::span(blob)));
  }
  /// What all files of the store hold, by their names. The log's index, which is made of the log, is left
  /// out.
  [[nodiscard]] std::map<std::string, std::string> all() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const bool index = entry.path().string().ends_with("-shm");
      found[entry.path().filename()] = index ? "" : content_of(entry.path());
    }
    return found;
  }
  /// Of all files of the store.
  [[nodiscard]] std::uintmax_t size() const {
    std::uintmax_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
      sum += entry.file_size();
    return sum;
  }

 private:
  [[nodiscard]] static std::string content_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::TemporaryDirectory directory_;
};

/// As the system calls this process: under an emulator it is that one's name.
inline std::string process_name() {
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  return name;
}

inline bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Whether the child process, which does `work`, found it as it should be.
inline bool in_a_process(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace holdfast::test
