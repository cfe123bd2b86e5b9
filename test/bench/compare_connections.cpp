// Connections a second, plain, over TLS, and with the TLS session taken up; and messages over TLS.
#include "bench/comparison.hpp"

namespace holdfast::bench {

void compare_connections(Comparison& comparison) {
  const std::string plain = "port=" + std::to_string(comparison.sink_port());
  const std::vector<std::string> tls = comparison.tls();
  std::vector<std::string> resumed = tls;
  resumed.emplace_back("resume=1");
  const std::vector<std::string> with_tls = comparison.with_tls();

  comparison.measure_speed({"connect", {{"server", "sink"}}, comparison.all(), {plain}});
  // Boost.MQTT5 waits for seconds at the end of each connection.
  std::vector<std::string> connecting = with_tls;
  std::erase(connecting, "boost_mqtt5");
  comparison.measure_speed({"connect", {{"server", "tls sink"}}, connecting, tls, true});
  comparison.measure_speed({"connect",
                            {{"server", "tls sink"}, {"resumed", true}},
                            comparison.among({"holdfast"}),
                            resumed,
                            true});
  for (const char* measurement : {"publish", "receive"}) {
    comparison.measure_speed(
        {measurement, {{"server", "tls sink"}, {"qos", 1}, {"size", 256}}, with_tls, tls, true});
  }
}

}  // namespace holdfast::bench
