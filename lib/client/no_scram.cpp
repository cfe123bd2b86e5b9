// What a build without TLS, and thus without mbedTLS, says of SCRAM.
#include <holdfast/authenticator.hpp>
#include <holdfast/error.hpp>

namespace holdfast {

std::shared_ptr<Authenticator> scram_sha_256(std::string_view, std::string) {
  throw Error(Errc::invalid_argument,
              "scram_sha_256: this build of Holdfast has no SHA-256: build it with HOLDFAST_TLS");
}

}  // namespace holdfast
