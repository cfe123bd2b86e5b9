// The client's private key, in the formats in which people keep theirs.
#pragma once

#include <string>

#include "net/tls_compat.hpp"

namespace holdfast::net {

/// Parses PEM or DER text into `key`. `what` names it in errors. Throws TransportError.
void parse_private_key(mbedtls_pk_context* key, const std::string& text, const std::string& password,
                       const std::string& what);

}  // namespace holdfast::net
