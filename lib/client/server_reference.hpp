// Where a broker says that we should go instead. [MQTT 5, 4.11]
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::client {

struct ServerReferences {
  std::vector<std::string> servers;  ///< URLs as in Options::server, in the order of the reference.
  std::string left_out;  ///< Why some are not among them, one clause for people; empty if all are.
};

/// Reads the references that came from the server `giver`, a URL. Where they name no scheme, it is the
/// giver's. Nothing from the network takes us from TLS, or from a Unix domain socket, to where all can read
/// along, or to a socket of our own machine; credentials in it are not used.
[[nodiscard]] ServerReferences parse_server_reference(std::string_view reference, std::string_view giver);

}  // namespace holdfast::client
