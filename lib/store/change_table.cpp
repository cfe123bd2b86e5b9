#include "store/change_table.hpp"

#include <sqlite3.h>

#include <span>

namespace holdfast::store {

namespace {

constexpr std::size_t row_bytes = 8;  // What a row takes beyond its changes.

}  // namespace

ChangeTable::ChangeTable(Database& database, FileIndex& index, std::size_t slack)
    : database_(database),
      index_(index),
      slack_(slack),
      insert_(database, "INSERT INTO change (records) VALUES (?)"),
      clear_(database, "DELETE FROM change") {}

void ChangeTable::load() {
  rolled_back();
  stored_bytes_ = summary_bytes_ = 0;
  Statement all(database_, "SELECT records FROM change ORDER BY id");
  while (all.step()) {
    const auto changes = all.bytes(0);
    if (!index_.apply(changes)) database_.fail(SQLITE_CORRUPT);
    if (stored_bytes_ == 0) summary_bytes_ = changes.size();
    stored_bytes_ += changes.size() + row_bytes;
  }
  if (!index_.makes_sense()) database_.fail(SQLITE_CORRUPT);
}

void ChangeTable::write() {
  const Bytes& changes = changes_.finish();
  if (changes.empty()) return;
  if (stored_bytes_ > 2 * summary_bytes_ + slack_) {
    const Bytes summary = index_.summary();
    clear_.run();
    if (!summary.empty()) insert_.run(std::span<const std::byte>(summary));
    new_summary_bytes_ = summary.size();
  }
  insert_.run(std::span<const std::byte>(changes));
}

void ChangeTable::committed() {
  const Bytes& changes = changes_.finish();
  if (new_summary_bytes_) stored_bytes_ = summary_bytes_ = *new_summary_bytes_;
  if (!changes.empty()) stored_bytes_ += changes.size() + row_bytes;
  if (!index_.apply(changes)) database_.fail(SQLITE_INTERNAL);
  rolled_back();
}

void ChangeTable::rolled_back() noexcept {
  new_summary_bytes_.reset();
  changes_.clear();
}

}  // namespace holdfast::store
