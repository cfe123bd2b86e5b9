#include "payload_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "line_reader.hpp"
#include "refuse.hpp"

namespace holdfast::tools {

namespace {
struct FileCloser {
  int descriptor;
  ~FileCloser() { ::close(descriptor); }
};
}  // namespace

void PayloadSource::add_to(CLI::App& app) {
  app.add_option("-m,--message", message, "Send this payload.");
  app.add_option("-f,--file", file, "Send this file as the payload.")->type_name("FILE");
  app.add_flag("-s,--stdin-file", whole_input, "Send the whole standard input as the payload.");
  app.add_flag("-n,--null-message", null_message, "Send an empty payload.");
}

int PayloadSource::given() const noexcept {
  return (message ? 1 : 0) + (file.empty() ? 0 : 1) + (whole_input ? 1 : 0) + (null_message ? 1 : 0);
}

std::string PayloadSource::read() const {
  if (message) return *message;
  if (null_message) return "";
  if (whole_input) {
    std::string input = read_all(STDIN_FILENO);
    // A pipe whose writer has failed is not to remove a retained message.
    if (input.empty()) refuse("-s: the standard input is empty: -n sends an empty payload");
    return input;
  }
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "-f " + file);
  const FileCloser closer{descriptor};
  try {
    return read_all(descriptor);
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "-f " + file);
  }
}

}  // namespace holdfast::tools
