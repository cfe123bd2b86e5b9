// 08: TLS with a certificate authority of your own, and what to do when it fails.
//
// Run:    08_tls CA-FILE [mqtts://host:port [CERTIFICATE-FILE KEY-FILE]]      (default mqtts://localhost)
// Prints: "delivered", or one line that says what is wrong and one that says whose turn it is.
// Page:   docs/samples/08_tls.md
#include <cstdio>
#include <string>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

namespace {

holdfast::Options options_of(int argc, char** argv) {
  holdfast::Options options{.server = argc > 2 ? argv[2] : "mqtts://localhost", .client_id = "tls-sample"};
  options.trace = trace_file();
  options.tls.ca_file = argv[1];
  if (argc > 4) {  // Who the broker is, our authority says; who we are, this says.
    options.tls.certificate_file = argv[3];
    options.tls.key_file = argv[4];
  }
  return options;
}

// Each kind of failure is somebody else's to mend. None is a reason to switch the checks off.
const char* whose_turn(const holdfast::Error& error) {
  if (error.code() == holdfast::Errc::certificate_rejected) {
    // Nothing was sent, no password either. A program that runs on tries again and reads the files anew, so a
    // certificate that was replaced is taken without a restart.
    return "do not trust whoever answered: the broker's certificate, or the CA file, has to be put right";
  }
  if (error.code() == holdfast::Errc::tls_failed) {
    return "the broker and this program have to agree on certificates, keys and versions";
  }
  if (error.code() == holdfast::Errc::connection_refused) {
    return "TLS is well: the broker does not let this client in";
  }
  return "the network or the broker is away: later may be better";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc == 4) {
    std::fputs("usage: 08_tls CA-FILE [mqtts://host:port [CERTIFICATE-FILE KEY-FILE]]\n", stderr);
    return 2;
  }
  try {
    holdfast::Client client(options_of(argc, argv));
    client.connect();
    auto delivery = client.publish("plant/17/temperature", "21.5", {.qos = holdfast::QoS::at_least_once});
    const bool in_time = delivery.wait_for(5s);
    std::puts(!in_time ? "not acknowledged yet" : delivery.result() ? "delivered" : "failed");
    client.disconnect();
    return in_time && delivery.result() ? 0 : 1;
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "08_tls: %s\n08_tls: %s\n", error.what(), whose_turn(error));
    return 1;
  }
}
