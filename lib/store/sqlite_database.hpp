// SQLite as this layer uses it: a connection and its statements, with errors that say what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::store {

/// What a connection may do.
enum class Access : std::uint8_t {
  write,
  read,  ///< Neither the file nor its log is written, and nothing that was missing is left beside them.
};

/// Everything that fails throws Error (Errc::store_failed) which names the file.
class Database {
 public:
  /// Opens the file, which must exist; an empty one is a new database.
  explicit Database(std::filesystem::path file, Access access = Access::write);
  /// One or more statements without results.
  void execute(const char* sql);
  /// The first column of the first row.
  [[nodiscard]] std::int64_t number(const char* sql);
  /// Whether changes wait for COMMIT or ROLLBACK.
  [[nodiscard]] bool in_transaction() const noexcept;
  /// Whether the file was removed or renamed since it was opened: what is written then is lost.
  [[nodiscard]] bool has_moved() const;
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
  /// Throws if the file that is only read has been written beneath us, so that what was read is worth
  /// nothing.
  void check_untouched() const;
  /// Throws what SQLite has to say about the call that failed with `code`.
  [[noreturn]] void fail(int code) const;

 private:
  using Written = std::filesystem::file_time_type;
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  std::filesystem::path file_;
  const Access access_;
  std::optional<Written> written_;  // When, where SQLite guards the file against no writer.
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A statement that is prepared once and run often.
class Statement {
 public:
  Statement(Database& database, const char* sql);

  /// Binds the values in order: for step(), or to run to the end. Bytes must live until then.
  template <class... Values>
  void start(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
  }
  template <class... Values>
  void run(const Values&... values) {
    start(values...);
    while (step()) {
    }
  }
  /// The next row; false at the end, and the statement can be run again.
  bool step();
  /// Done with the rows, before their end.
  void reset() noexcept;

  // Columns of the current row, from 0; views until the next step().
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_number(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const std::byte> bytes(int column) const;

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, std::span<const std::byte> value);
  void bind(int index, const std::optional<std::int64_t>& value);
  void check(int code) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace holdfast::store
