#include "descriptor_limit.hpp"

#include <sys/resource.h>

#include <string>

#include "refuse.hpp"

namespace holdfast::tools {

namespace {

// A socket, one more while a second address is tried, and what wakes the client's thread and its reader.
constexpr std::size_t per_client = 4;
// The standard streams, epoll, signals, files of certificates, look-ups of names.
constexpr std::size_t besides = 100;

}  // namespace

void allow_descriptors_for(std::size_t clients) {
  const rlim_t needed = clients * per_client + besides;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    const rlim_t possible = limit.rlim_max > besides ? (limit.rlim_max - besides) / per_client : 0;
    refuse(std::to_string(clients) + " clients need " + std::to_string(needed) +
           " open files and the limit is " + std::to_string(limit.rlim_max) +
           ": raise it (ulimit -Hn, LimitNOFILE= of systemd), or use at most " + std::to_string(possible) +
           " clients in one process");
  }
  limit.rlim_cur = needed;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    refuse("the limit of open files cannot be raised to " + std::to_string(needed) + ": see ulimit -n");
  }
}

}  // namespace holdfast::tools
