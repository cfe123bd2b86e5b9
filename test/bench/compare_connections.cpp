// Connections a second, plain, over TLS, and with the TLS session taken up; and messages over TLS.
#include "bench/comparison.hpp"

namespace holdfast::bench {

void compare_connections(Comparison& comparison) {
  const std::string plain = "port=" + std::to_string(comparison.sink_port());
  const std::vector<std::string> tls{"port=" + std::to_string(comparison.tls_sink_port()),
                                     "ca=" + comparison.ca_file()};
  std::vector<std::string> resumed = tls;
  resumed.emplace_back("resume=1");
  // The others of the comparison are not built for TLS here. The sockets use OpenSSL.
  const std::vector<std::string> with_tls = comparison.among({"holdfast", "libmosquitto", "sockets"});

  comparison.measure_speed({"connect", {{"server", "sink"}}, comparison.all(), {plain}});
  comparison.measure_speed({"connect", {{"server", "tls sink"}}, with_tls, tls});
  comparison.measure_speed(
      {"connect", {{"server", "tls sink"}, {"resumed", true}}, comparison.among({"holdfast"}), resumed});
  for (const char* measurement : {"publish", "receive"}) {
    comparison.measure_speed(
        {measurement, {{"server", "tls sink"}, {"qos", 1}, {"size", 256}}, with_tls, tls});
  }
}

}  // namespace holdfast::bench
