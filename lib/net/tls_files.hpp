// The files of TLS, and whether they have changed since they were read.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::net {

/// What tells one state of a file from another without reading it.
struct FileStamp {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;  ///< -1: it is not there.
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};
using FileStamps = std::vector<FileStamp>;

/// Adds a file; of a directory, also everything in it.
void add_stamps(const std::string& path, FileStamps& stamps);

/// The files in a directory, sorted, each once although links name it again. Throws std::system_error.
[[nodiscard]] std::vector<std::string> files_in(const std::string& directory);

/// The whole file. `what` says in an error what was to be read. Throws TransportError.
[[nodiscard]] std::string read_file(const std::string& path, const std::string& what);

/// The first of the places where systems keep the authorities they trust, a file or a directory, below
/// `root`; empty if there is none.
[[nodiscard]] std::string system_authorities(const std::string& root = {});
/// Those places, for people.
[[nodiscard]] std::string system_authorities_words();

}  // namespace holdfast::net
