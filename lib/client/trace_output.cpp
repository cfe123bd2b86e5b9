#include "client/trace_output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <holdfast/error.hpp>

namespace holdfast::client {

namespace {

[[noreturn]] void refuse(std::error_code why, const std::string& file, const std::string& what) {
  throw Error(why, "trace: \"" + file + "\" " + what);
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

net::FileDescriptor open_alone(const std::string& file) {
  // O_NONBLOCK: a pipe that nobody reads must not hold the program up.
  net::FileDescriptor opened(
      open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR));
  const std::error_code why = last_error();
  if (!opened)
    refuse(why, file,
           "cannot be opened for appending: " + why.message() + ": name a file that this process may write");
  struct stat status {};
  if (fstat(opened.get(), &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)))
    refuse(make_error_code(Errc::invalid_argument), file,
           "is no file that can be appended to (a pipe, perhaps): name a regular file");
  if (!S_ISREG(status.st_mode) || flock(opened.get(), LOCK_EX | LOCK_NB) == 0) return opened;
  if (errno == EWOULDBLOCK)
    refuse(std::make_error_code(std::errc::device_or_resource_busy), file,
           "is being written by another client: name a file of its own for each");
  const std::error_code unlocked = last_error();
  refuse(unlocked, file, "cannot be locked: " + unlocked.message() + ": name a file on another file system");
}

}  // namespace

TraceOutput::TraceOutput(const std::string& file, std::uint64_t bytes_max)
    : name_(file), bytes_max_(bytes_max) {
  open();
  // Wherever the process goes, and whatever link was named: it is the file that gets another name.
  if (bytes_max_ == 0) return;
  std::error_code why;
  name_ = std::filesystem::canonical(file, why).string();
  if (why)
    refuse(why, file, "cannot be followed to its place: " + why.message() + ": name a file that stays");
}

void TraceOutput::open() {
  file_ = open_alone(name_);
  struct stat status {};
  const bool regular = fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
  size_ = regular ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (!regular) bytes_max_ = 0;  // A device has no size.
}

bool TraceOutput::ends_within_line() const {
  const off_t size = lseek(file_.get(), 0, SEEK_END);
  char last = '\n';
  return size > 0 && pread(file_.get(), &last, 1, size - 1) == 1 && last != '\n';
}

void TraceOutput::write(std::string_view lines) {
  while (!lines.empty() && !error_) {
    const ssize_t written = ::write(file_.get(), lines.data(), lines.size());
    if (written > 0) {
      lines.remove_prefix(static_cast<std::size_t>(written));
      size_ += static_cast<std::uint64_t>(written);
    }
    if (written < 0 && errno != EINTR) error_ = last_error();
    if (written == 0) error_ = std::make_error_code(std::errc::io_error);
  }
}

// Someone may have removed the file or given it another name: what has the name now is not ours.
bool TraceOutput::still_has_the_name() const {
  struct stat ours {};
  struct stat named {};
  return fstat(file_.get(), &ours) == 0 && stat(name_.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

void TraceOutput::begin_next() {
  if (error_) return;
  if (!still_has_the_name()) {
    error_ = std::make_error_code(std::errc::no_such_file_or_directory);
    return;
  }
  if (std::rename(name_.c_str(), (name_ + ".1").c_str()) != 0) {
    error_ = last_error();
    return;
  }
  try {
    open();
  } catch (const Error& error) {
    error_ = error.code();
  }
}

}  // namespace holdfast::client
