// One process at a time.
#pragma once

#include <filesystem>

namespace holdfast::store {

/// Holds a lock on `file`, made where it is missing, until it is destroyed or the process ends, however it
/// ends. The file stays. Throws Error (Errc::store_failed) that names the process which has it.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& file);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace holdfast::store
