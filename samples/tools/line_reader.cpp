#include "line_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace holdfast::tools {

namespace {

constexpr std::size_t chunk_size = 65536;

// Bytes read; 0 at the end.
std::size_t read_some(int descriptor, std::array<char, chunk_size>& chunk) {
  for (;;) {
    const auto got = ::read(descriptor, chunk.data(), chunk.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "reading the input");
  }
}

}  // namespace

LineReader::Result LineReader::read(int interrupt, int timeout_ms,
                                    const std::function<void(std::string_view)>& on_line) {
  std::array<pollfd, 2> wait{pollfd{descriptor_, POLLIN, 0}, pollfd{interrupt, POLLIN, 0}};
  if (::poll(wait.data(), wait.size(), timeout_ms) <= 0) return Result::more;
  if (wait[1].revents != 0) return Result::interrupted;
  std::array<char, chunk_size> chunk;
  const std::size_t got = read_some(descriptor_, chunk);
  if (got == 0) {
    if (!rest_.empty()) on_line(rest_);
    return Result::end;
  }
  std::string_view text(chunk.data(), got);
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    if (rest_.empty()) {
      on_line(text.substr(0, end));
    } else {
      on_line(rest_.append(text.substr(0, end)));
      rest_.clear();
    }
    text.remove_prefix(end + 1);
  }
  rest_.append(text);
  return Result::more;
}

std::string read_all(int descriptor) {
  std::string all;
  std::array<char, chunk_size> chunk;
  while (const std::size_t got = read_some(descriptor, chunk))
    all.append(chunk.data(), got);
  return all;
}

}  // namespace holdfast::tools
