// The sink's side of TLS, by OpenSSL.
#pragma once

#include <string>

#include "bench/sink.hpp"

namespace holdfast::bench {

/// Certificate and key as PEM text. Sessions can be resumed, as with any server that is left as it is.
MakeStream tls_streams(const std::string& certificate, const std::string& key);

}  // namespace holdfast::bench
