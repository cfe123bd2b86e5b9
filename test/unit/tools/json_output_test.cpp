// docs/tools.md has every event and every key that the tools write.
#include "json_output.hpp"

#include <map>
#include <utility>

#include <holdfast/error.hpp>

#include "json_keys.hpp"
#include "support/catch.hpp"
#include "support/page_tables.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace holdfast::support;

namespace {

using Keys = std::set<std::string>;

template <std::size_t... Index>
std::vector<Event> all_events(std::index_sequence<Index...>) {
  return {Event(std::in_place_index<Index>)...};
}

/// One of each kind, with all that it may have.
std::vector<Event> all_events() {
  std::vector<Event> events = all_events(std::make_index_sequence<std::variant_size_v<Event>>());
  for (Event& event : events) {
    if (auto* connected = std::get_if<Connected>(&event)) connected->limits.maximum_packet_size = 1000;
    if (auto* disconnected = std::get_if<Disconnected>(&event))
      disconnected->reason_code = ReasonCode::server_busy;
  }
  return events;
}

std::vector<DeliveryResult> all_results() {
  DeliveryResult acknowledged;
  acknowledged.reason_code = ReasonCode::no_matching_subscribers;
  acknowledged.reason_string = "nobody";
  acknowledged.qos = QoS::at_least_once;
  acknowledged.repeated = true;
  DeliveryResult sent;
  sent.qos = QoS::at_most_once;
  DeliveryResult failed = acknowledged;
  failed.error = make_error_code(Errc::expired);
  return {acknowledged, sent, failed};
}

std::vector<std::string> all_lines() {
  std::vector<std::string> lines{acknowledged_of_earlier_runs(1)};
  for (const Event& event : all_events())
    lines.push_back(to_json_line(event));
  for (const DeliveryResult& result : all_results())
    lines.push_back(to_json_line(1, result));
  for (const char* verb : {"subscribe", "unsubscribe"}) {
    for (const ReasonCode code : {ReasonCode::success, ReasonCode::not_authorized})
      lines.push_back(to_json_line(verb, "a/b", code));
  }
  return lines;
}

}  // namespace

TEST_CASE("docs/tools.md has every event of --events with its fields, and no other", "[unit][tools][docs]") {
  std::map<std::string, Keys> written;
  for (const std::string& line : all_lines()) {
    Json json = Json::parse(line);
    const std::string event = json["event"];
    json.erase("event");
    written[event].merge(keys_of(json));
  }
  std::map<std::string, Keys> told;
  for (const TableRow& row : table_rows(HOLDFAST_TOOLS_PAGE, "### Events")) {
    for (const std::string& event : names_in(row.at(0)))
      told[event] = names_in(row.at(2));
  }
  CHECK(written == told);
}

TEST_CASE("docs/tools.md has every field of --stats, and no other", "[unit][tools][docs]") {
  CHECK(keys_of(Json::parse(to_json_line(Statistics{}))) ==
        names_of_table(HOLDFAST_TOOLS_PAGE, "### Statistics"));
}
