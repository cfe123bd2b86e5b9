#include "net/tls_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "net/file_descriptor.hpp"
#include "net/transport_error.hpp"

namespace holdfast::net {

namespace {

// Far above every bundle of authorities: /dev/zero is no certificate.
constexpr std::size_t file_size_max = std::size_t{16} << 20;

// As curl, Go and OpenSSL's packagers know them.
constexpr std::array places = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older ones of those
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine, OpenBSD, macOS
    "/usr/local/etc/ssl/cert.pem",                        // FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt",             // older ones of it
    "/etc/openssl/certs",                                 // NetBSD
    "/etc/ssl/certs",                                     // whoever has no bundle
};

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp_of(const std::string& path, const struct stat& status) {
#ifdef __APPLE__
  const timespec modified = status.st_mtimespec;
  const timespec changed = status.st_ctimespec;
#else
  const timespec modified = status.st_mtim;
  const timespec changed = status.st_ctim;
#endif
  return {path,
          static_cast<std::uint64_t>(status.st_dev),
          static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::int64_t>(status.st_size),
          nanoseconds(modified),
          nanoseconds(changed)};
}

[[noreturn]] void throw_unreadable(const std::string& path, const std::string& what, const std::string& why) {
  throw TransportError(TransportErrc::tls, "cannot read " + what + " \"" + path + "\": " + why);
}

}  // namespace

void add_stamps(const std::string& path, FileStamps& stamps) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    stamps.push_back({path});
    return;
  }
  stamps.push_back(stamp_of(path, status));
  if (!S_ISDIR(status.st_mode)) return;
  std::error_code error;
  std::vector<std::string> entries;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    entries.push_back(entry.path().string());
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) {
    if (::stat(entry.c_str(), &status) == 0) stamps.push_back(stamp_of(entry, status));
  }
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> entries;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    entries.push_back(entry.path().string());
  std::sort(entries.begin(), entries.end());
  std::set<std::pair<dev_t, ino_t>> seen;
  std::vector<std::string> files;
  for (std::string& entry : entries) {
    struct stat status {};
    const bool readable = ::stat(entry.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    if (readable && seen.insert({status.st_dev, status.st_ino}).second) files.push_back(std::move(entry));
  }
  return files;
}

std::string read_file(const std::string& path, const std::string& what) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_unreadable(path, what, std::generic_category().message(errno));
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const auto size = ::read(file.get(), chunk.data(), chunk.size());
    if (size == 0) return text;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_unreadable(path, what, std::generic_category().message(errno));
    text.append(chunk.data(), static_cast<std::size_t>(size));
    if (text.size() > file_size_max) throw_unreadable(path, what, "it is longer than 16 MiB");
  }
}

std::string system_authorities(const std::string& root) {
  for (const char* place : places) {
    std::error_code error;
    if (std::filesystem::exists(root + place, error)) return root + place;
  }
  return {};
}

std::string system_authorities_words() {
  std::string words;
  for (const char* place : places) {
    if (!words.empty()) words += ", ";
    words += place;
  }
  return words;
}

}  // namespace holdfast::net
