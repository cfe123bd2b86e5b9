// One of the many clients of a run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <holdfast/client.hpp>

#include "audience.hpp"

namespace holdfast::tools {

enum class Role : std::uint8_t { subscriber, idle, publisher };

struct BenchClient {
  BenchClient(Role its_role, std::size_t its_number, const Options& options)
      : role(its_role), number(its_number), id(options.client_id), client(options) {}

  const Role role;
  const std::size_t number;  ///< Among those of its role.
  const std::string id;
  Client client;
  std::string filter = {};                       ///< Of a subscriber.
  std::shared_ptr<Audience> audience = nullptr;  ///< Likewise.
  bool connected = false;                        ///< As the events taken so far say.
  bool takes_part = false;                       ///< It has been connected, and what it wanted was granted.
};

}  // namespace holdfast::tools
