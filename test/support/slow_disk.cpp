#include "support/slow_disk.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <thread>

namespace holdfast::support {

namespace {

// SQLite calls by plain functions, and open files use them beyond the life of a SlowDisk.
std::atomic<std::chrono::milliseconds> sync_time;
sqlite3_vfs* real_disk = nullptr;
sqlite3_vfs slow_disk;

/// Stands behind SQLite's own data of an open file.
struct Methods {
  sqlite3_io_methods slow;  ///< The real ones, but for xSync.
  const sqlite3_io_methods* real;
};

Methods* methods_of(sqlite3_file* file) {
  return reinterpret_cast<Methods*>(reinterpret_cast<std::byte*>(file) + real_disk->szOsFile);
}

int sync_slowly(sqlite3_file* file, int flags) {
  std::this_thread::sleep_for(sync_time.load());
  return methods_of(file)->real->xSync(file, flags);
}

int open_slow(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  const int code = real_disk->xOpen(real_disk, name, file, flags, flags_out);
  if (file->pMethods == nullptr) return code;  // Not open, and not to be closed.
  const auto* methods = new (methods_of(file)) Methods{*file->pMethods, file->pMethods};
  methods_of(file)->slow.xSync = sync_slowly;
  file->pMethods = &methods->slow;
  return code;
}

}  // namespace

SlowDisk::SlowDisk(std::chrono::milliseconds time) {
  set_sync_time(time);
  real_disk = sqlite3_vfs_find(nullptr);
  slow_disk = *real_disk;
  slow_disk.zName = "slow";
  slow_disk.szOsFile += static_cast<int>(sizeof(Methods));
  slow_disk.xOpen = open_slow;
  if (sqlite3_vfs_register(&slow_disk, 1) != SQLITE_OK)
    throw std::runtime_error("SQLite takes no other disk");
}

SlowDisk::~SlowDisk() {
  sqlite3_vfs_unregister(&slow_disk);
}

void SlowDisk::set_sync_time(std::chrono::milliseconds time) noexcept {
  sync_time = time;
}

}  // namespace holdfast::support
