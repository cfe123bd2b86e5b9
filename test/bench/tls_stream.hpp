// TLS of the sink and of the bare sockets, by OpenSSL.
#pragma once

#include <string>

#include "bench/stream.hpp"

namespace holdfast::bench {

/// Certificate and key as PEM text. Sessions can be resumed, as with any server that is left as it is.
MakeStream tls_streams(const std::string& certificate, const std::string& key);
/// A client's, which trusts who is signed by this.
MakeStream tls_client_streams(const std::string& ca_file);

}  // namespace holdfast::bench
