// The changes in the file: a row for each commit, and now and then one row in place of all.
#pragma once

#include <cstddef>
#include <optional>

#include "store/change_codec.hpp"
#include "store/file_index.hpp"
#include "store/sqlite_database.hpp"

namespace holdfast::store {

/// Throws Error (Errc::store_failed). The index follows only when the transaction is committed().
class ChangeTable {
 public:
  /// `slack` as FileLimits::change_slack.
  ChangeTable(Database& database, FileIndex& index, std::size_t slack);

  /// Tells the index, which has the batches already, of all changes.
  void load();

  /// What the transaction changes.
  [[nodiscard]] ChangeWriter& changes() noexcept { return changes_; }
  void write();

  void committed();
  void rolled_back() noexcept;

 private:
  Database& database_;
  FileIndex& index_;
  const std::size_t slack_;
  Statement insert_;
  Statement clear_;
  ChangeWriter changes_;
  std::size_t stored_bytes_ = 0;
  std::size_t summary_bytes_ = 0;                 // Of the summary that all began with.
  std::optional<std::size_t> new_summary_bytes_;  // Of the transaction.
};

}  // namespace holdfast::store
