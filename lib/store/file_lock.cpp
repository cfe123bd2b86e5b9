#include "store/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include <holdfast/error.hpp>

namespace holdfast::store {

namespace {

std::string described(const std::filesystem::path& file, int code) {
  return "store: " + file.string() + ": " + std::generic_category().message(code);
}

// "process 1234 (pumpd)": the owner writes its number into the file, the system knows the name.
std::string owner_of(int descriptor) {
  std::array<char, 32> text{};
  const auto size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  const std::string number(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  std::string name;
  std::getline(std::ifstream("/proc/" + number + "/comm"), name);
  return number.empty() || name.empty() ? "another process" : "process " + number + " (" + name + ")";
}

}  // namespace

// flock() and no fcntl() lock: it also holds between two stores of one process, and SQLite, which uses the
// other kind, is left alone.
FileLock::FileLock(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) {
    throw Error(Errc::store_failed, described(file, errno) + ": check owner and mode of its directory");
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
    const std::string number = std::to_string(::getpid());
    // Only for the words of others: a full disk need not keep anybody out.
    if (::ftruncate(descriptor_, 0) == 0) {
      [[maybe_unused]] const auto written = ::pwrite(descriptor_, number.data(), number.size(), 0);
    }
    return;
  }
  const bool taken = errno == EWOULDBLOCK;
  const std::string why = taken ? "store: " + file.string() + ": " + owner_of(descriptor_) +
                                      " has it: end that one or name another file"
                                : described(file, errno);
  ::close(descriptor_);
  throw Error(Errc::store_failed, why);
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace holdfast::store
