// Paho C as a contestant.
#include <memory>
#include <string>

#include "bench/paho_peer.hpp"

namespace holdfast::bench {

std::string peer_version() {
  for (const MQTTAsync_nameValue* info = MQTTAsync_getVersionInfo(); info->name != nullptr; ++info) {
    if (std::string(info->name) == "Version") return info->value;
  }
  return "?";
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<PahoPeer>(job);
}

}  // namespace holdfast::bench
