// Options::trace of a real client: where it traces to, and the programs that read it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <holdfast/store.hpp>

#include "client_under_test.hpp"
#include "tool_under_test.hpp"

namespace holdfast::support {

/// Where a client traces to, and the programs that read it.
class TraceUnderTest {
 public:
  [[nodiscard]] std::string file(const std::string& name = "trace") const {
    return (directory_.path() / name).string();
  }
  [[nodiscard]] std::string content() const { return content_of(file()); }
  [[nodiscard]] std::vector<nlohmann::json> lines() const { return json_lines(content()); }
  [[nodiscard]] std::size_t count(const nlohmann::json& part) const { return positions(part).size(); }
  /// Where the lines are that have all these fields.
  [[nodiscard]] std::vector<std::size_t> positions(const nlohmann::json& part) const {
    std::vector<std::size_t> found;
    const auto all = lines();
    for (std::size_t i = 0; i < all.size(); ++i) {
      nlohmann::json merged = all[i];
      merged.update(part);
      if (merged == all[i]) found.push_back(i);
    }
    return found;
  }
  [[nodiscard]] Outcome show(const Arguments& arguments = {}) const {
    return run(both({HOLDFAST_TRACE, "show", file()}, arguments));
  }
  [[nodiscard]] Outcome make_page(const Arguments& arguments = {}) const {
    return run(both({HOLDFAST_TRACE, "html", file(), "-o", file("page.html")}, arguments));
  }

 private:
  TemporaryDirectory directory_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline nlohmann::json packet(const char* direction, const char* type) {
  return {{"event", "packet"}, {"direction", direction}, {"type", type}};
}

inline nlohmann::json event(const char* name, const char* field, const char* value) {
  return {{"event", name}, {field, value}};
}

/// A session whose connection is lost while a message is in flight, in its file.
inline void trace_a_lost_connection(const TraceUnderTest& trace, const std::string& topic) {
  ScriptedBroker broker;
  broker.behave_on(0, {.holds_acknowledgements = true});
  Options options = quick(broker.server());
  options.trace = trace.file();
  options.store = sqlite_store(trace.file("store"));
  Client client(options);
  client.connect();
  const Delivery delivery = client.publish(topic, "21.5", {.qos = QoS::at_least_once});
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 1; }));
  broker.reset_connection();
  REQUIRE(client.flush(patience));
  client.disconnect();
}

}  // namespace holdfast::support
