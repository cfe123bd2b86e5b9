// Where a session lasts beyond its Client.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

namespace holdfast {

/// A place for one session and its outbox; made by one of the functions below and given to Options::store.
/// One Client at a time. A Client that comes later goes on where the earlier one stopped: it resumes the
/// session if client id and server are the same and the session has not expired, so give it an
/// Options::session_expiry: with the default of 0 it ends with each connection. Otherwise it counts as lost
/// (see OnSessionLost), and what was accepted and not sent goes out all the same.
class Store;

/// What a commit to a file outlives.
enum class Durability : std::uint8_t {
  full,    ///< A power failure: each commit is written through to the disk.
  normal,  ///< The end of the process, however it ends; a power failure may take the last commits back.
};

/// How a sqlite_store() keeps its file.
struct SqliteStoreOptions {
  /// What a commit outlives. Default: a power failure.
  Durability durability = Durability::full;
};

/// Keeps them in a SQLite file (made with mode 0600 where it is missing) and two or three more beside it:
/// FILE-wal, FILE-shm, FILE-lock. One process at a time; others may read it meanwhile. The directory must be
/// on a local disk. Throws Error (Errc::store_failed) with what to do if another process has the file, if it
/// cannot be written, is damaged, not a store, or written by a newer version; such a file is left as it is.
[[nodiscard]] std::shared_ptr<Store> sqlite_store(const std::filesystem::path& file,
                                                  const SqliteStoreOptions& options = {});

/// Keeps them as long as the returned pointer lives, but not beyond the process.
[[nodiscard]] std::shared_ptr<Store> memory_store();

}  // namespace holdfast
