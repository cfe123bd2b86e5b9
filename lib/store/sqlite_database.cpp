#include "store/sqlite_database.hpp"

#include <sqlite3.h>

#include <string_view>
#include <system_error>
#include <utility>

#include <holdfast/error.hpp>

namespace holdfast::store {

namespace {

// Who reads the file with another program holds us up for moments only, in milliseconds.
constexpr int patience_with_readers = 5'000;

std::string advice(int code, Access access) {
  switch (code & 0xFF) {  // The low byte is the kind, the rest says where.
    case SQLITE_FULL:
      return "the disk is full: make room";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      if (access == Access::read)
        return "it cannot be read: check owner and mode of the file and its directory";
      return "it cannot be written: check owner and mode of the file and of its directory";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "it is damaged, or no store of ours, and was left as it is: move it away or name another file";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program has it open: end that one or name another file";
    default:
      return "is the disk healthy, and has it room?";
  }
}

// A file that nobody has open is all there without its log. Only so SQLite makes none, nor its index, which
// it could not remove again.
std::string unguarded(const std::filesystem::path& file) {
  std::string name = "file:";
  for (const char c : file.string()) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#') {
      name.append({'%', digits[byte >> 4], digits[byte & 0xF]});
    } else {
      name += c;
    }
  }
  return name + "?immutable=1";
}

}  // namespace

Database::Database(std::filesystem::path file, Access access) : file_(std::move(file)), access_(access) {
  std::string name = file_.string();
  std::error_code absent;  // SQLite says better what is wrong.
  if (access == Access::read && !std::filesystem::exists(name + "-wal", absent)) {
    written_ = std::filesystem::last_write_time(file_, absent);
    name = unguarded(file_);
  }
  const int flags = (access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    (written_ ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, patience_with_readers);
  // A file that it may not write SQLite opens for reading without a word.
  if (access == Access::write && sqlite3_db_readonly(handle, "main") == 1) fail(SQLITE_READONLY);
}

void Database::Close::operator()(sqlite3* handle) const noexcept {
  sqlite3_close(handle);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.number(0) : 0;
}

bool Database::in_transaction() const noexcept {
  return sqlite3_get_autocommit(handle()) == 0;
}

bool Database::has_moved() const {
  int moved = 0;
  const int code = sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

void Database::check_untouched() const {
  std::error_code removed;
  if (!written_ || std::filesystem::last_write_time(file_, removed) == *written_) return;
  throw Error(Errc::store_failed,
              "store " + file_.string() + ": another process took it while it was read: try again");
}

void Database::fail(int code) const {
  check_untouched();
  const char* reason = handle_ && (sqlite3_errcode(handle()) & 0xFF) == (code & 0xFF)
                           ? sqlite3_errmsg(handle())
                           : sqlite3_errstr(code);
  throw Error(Errc::store_failed, "store " + file_.string() + ": " + reason + ": " + advice(code, access_));
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  check(code);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::int64_t> Statement::optional_number(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return number(column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::bytes(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();  // Null would be NULL.
  check(sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, std::span<const std::byte> value) {
  if (value.empty()) return check(sqlite3_bind_zeroblob(statement_.get(), index, 0));
  check(sqlite3_bind_blob64(statement_.get(), index, value.data(), value.size(), SQLITE_STATIC));
}

void Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind(index, *value);
  check(sqlite3_bind_null(statement_.get(), index));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

}  // namespace holdfast::store
