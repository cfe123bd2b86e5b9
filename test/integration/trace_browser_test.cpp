// The page of holdfast_trace html, as a browser shows it.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

#include "trace_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using nlohmann::json;

namespace {

constexpr const char* chromium = "/usr/bin/chromium";

/// Says so where there is no browser to look at the page.
bool has_browser() {
  const bool there = access(chromium, X_OK) == 0;
  if (!there) std::puts("SKIPPED: chromium is not installed");
  return there;
}

/// The page as a browser has it after its scripts have run, `script` last of all.
std::string in_browser(const TraceUnderTest& trace, const std::string& fragment,
                       const std::string& script = "") {
  const std::string page = trace.file("page.html");
  std::ofstream(page, std::ios::app) << "<script>" << script << "</script>";
  const std::string profile = "--user-data-dir=" + trace.file("profile");
  const Outcome outcome = run({chromium, "--headless", "--no-sandbox", "--disable-gpu",
                               "--disable-dev-shm-usage", "--no-first-run", profile, "--dump-dom",
                               "--virtual-time-budget=1000", "file://" + page + fragment});
  if (outcome.status != 0) throw std::runtime_error("chromium: " + outcome.errors);
  return outcome.output;
}

// What the questions below ask with.
constexpr const char* questions = R"(
const all = (selector) => [...document.querySelectorAll(selector)];
const word = (message) => message.querySelector('text').firstChild.data.match(/^[A-Z]+/)[0];
const box = (node) => node.getBoundingClientRect();
const middle = (node) => box(node).y + box(node).height / 2;
const legend = Object.fromEntries(all('header b').map((b) => [getComputedStyle(b).color, b.textContent]));
)";

/// What a function of that body returns in the page; it may await. Without <, > and &.
json answer(const TraceUnderTest& trace, const std::string& body, const std::string& fragment = "") {
  const std::string dom = in_browser(trace, fragment, "(async () => {" + std::string(questions) + body + R"(
})().then((seen) => {
  const place = document.createElement('pre');
  place.id = 'seen';
  place.textContent = JSON.stringify(seen);
  document.body.append(place);
});)");
  const std::string before = "<pre id=\"seen\">";
  const std::size_t begin = dom.find(before);
  if (begin == std::string::npos) throw std::runtime_error("the page gives no answer: " + dom.substr(0, 200));
  const std::size_t end = dom.find("</pre>", begin);
  return json::parse(dom.substr(begin + before.size(), end - begin - before.size()));
}

/// As the page writes seconds.
std::string fixed(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6f", seconds);
  return text.data();
}

/// The page of a session whose connection is lost while a message is in flight.
struct PageOfALoss {
  PageOfALoss() {
    trace_a_lost_connection(trace, "plant/1");
    REQUIRE(trace.make_page().status == 0);
  }
  const TraceUnderTest trace;
};

/// A session that the broker forgets while a message is in flight.
void trace_a_lost_session(const TraceUnderTest& trace) {
  ScriptedBroker broker;
  broker.behave_on(0, {.holds_acknowledgements = true});
  Options options = quick(broker.server());
  options.trace = trace.file();
  Client client(options);
  client.connect();
  client.publish("plant/1", "21.5", {.qos = QoS::at_least_once});
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 1; }));
  broker.forget_sessions();
  REQUIRE(client.flush(patience));
  client.disconnect();
}

// For each packet what its colour means by the page's own legend; its line, head and words have it alike.
constexpr const char* colours = R"(
return all('.message').map((message) => {
  const style = (part) => getComputedStyle(message.querySelector(part));
  const used = new Set([style('line').stroke, style('path').fill, style('text').fill]);
  return [word(message), used.size === 1 ? legend[[...used][0]] : 'several'];
});
)";

}  // namespace

TEST_CASE(
    "in a browser, a click on a packet shows it byte by byte; lost connections are gaps, and what was sent "
    "again has a colour",
    "[integration][trace][browser]") {
  if (!has_browser()) return;
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1");
  REQUIRE(trace.make_page().status == 0);
  const std::string dom = in_browser(trace, "",
                                     "document.querySelector('.message.duplicate').dispatchEvent(new "
                                     "MouseEvent('click', {bubbles: true}));");
  CHECK(count_of("class=\"message ", dom) == 8);
  CHECK(count_of("class=\"gap lost\"", dom) == 1);
  CHECK(has(dom, "class=\"message duplicate related open\""));
  CHECK(has(dom, "Sent again: the same exchange as before."));
  CHECK(has(dom, "<th>Packet Identifier</th>"));
  CHECK(has(dom, "title=\"byte 0\">3a<small>:</small>"));
  CHECK(has(dom, "1: this message may have been sent before"));
  CHECK_FALSE(has(dom, "No packet is open."));
}

TEST_CASE("in a browser, what is left out before the page leaves a connection, and the time of day",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1");
  const auto connection = trace.positions({{"event", "connection"}}).at(1);
  const auto first = connection + 1;
  REQUIRE(trace.make_page({"--last", std::to_string(trace.lines().size() - first)}).status == 0);
  const auto packet_line = trace.positions(packet("in", "PUBACK")).at(0) + 1;
  const std::string dom = in_browser(trace, "#line-" + std::to_string(packet_line));
  CHECK(count_of("class=\"gap", dom) == 1);  // Behind the end of the connection.
  CHECK(count_of("class=\"life\"", dom) == 2);
  CHECK(has(dom, trace.lines()[connection]["wall"].get<std::string>().substr(0, 13)));
}

TEST_CASE("in a browser, nothing of a trace becomes part of the page but text",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const TraceUnderTest trace;
  const std::string attack = R"(</script><img src="x" onerror="document.title='broken'"><!--<script>)";
  trace_a_lost_connection(trace, attack);
  REQUIRE(trace.make_page().status == 0);
  const std::string page = content_of(trace.file("page.html"));
  CHECK(has(page, "default-src 'none'"));
  CHECK(count_of("http://", page) == count_of("http://www.w3.org/2000/svg", page));  // A name, not fetched.
  CHECK_FALSE(has(page, "https:"));
  const auto line = trace.positions(packet("out", "PUBLISH")).at(0) + 1;
  const std::string dom = in_browser(trace, "#line-" + std::to_string(line));
  CHECK(has(dom, "trace – Holdfast trace</title>"));
  CHECK_FALSE(has(dom, "<img"));
  CHECK(has(dom, "<td>\"&lt;/script&gt;&lt;img src=\"x\" onerror=\"document.title='broken'\"&gt;"));
}

TEST_CASE("in a browser, each arrow points from the side that sent to the side that received",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const PageOfALoss page;
  const json seen = answer(page.trace, R"(
const lives = all('.life').map((line) => box(line).x + box(line).width / 2);
const client = Math.min(...lives), broker = Math.max(...lives);
const [left, right] = all('svg > text').map((head) => [box(head).x + box(head).width / 2, head.firstChild.data]).sort((a, b) => a[0] - b[0]);
const near = (a, b) => Math.abs(a - b) < 3;
const sides = near(left[0], client) && near(right[0], broker) ? [left[1], right[1]] : ['nobody', 'nobody'];
return all('.message').map((message) => {
  const line = box(message.querySelector('line')), head = box(message.querySelector('path'));
  if (!near(line.left, client) || !near(line.right, broker)) return [word(message), 'not from side to side'];
  // The head is between the two, and touches the one that receives.
  if (near(head.right, broker) && head.left > client) return [word(message), 'to the ' + sides[1]];
  if (near(head.left, client) && head.right < broker) return [word(message), 'to the ' + sides[0]];
  return [word(message), 'nowhere'];
});
)");
  CHECK(seen == json::parse(R"([
    ["CONNECT", "to the Broker"], ["CONNACK", "to the Client"], ["PUBLISH", "to the Broker"],
    ["CONNECT", "to the Broker"], ["CONNACK", "to the Client"], ["PUBLISH", "to the Broker"],
    ["PUBACK", "to the Client"], ["DISCONNECT", "to the Broker"]])"));
}

TEST_CASE("in a browser, each packet has beside it how long after the trace's first line it went",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const PageOfALoss page;
  const json seen = answer(page.trace, R"(
const times = all('.time');
return all('.message').map((message) => {
  const row = box(message.querySelector('rect'));
  const beside = times.filter((time) => middle(time) > row.top && row.bottom > middle(time));
  return [word(message), ...beside.map((time) => time.firstChild.data)];
});
)");
  json expected = json::array();
  const auto lines = page.trace.lines();
  for (const json& line : lines) {
    if (line["event"] != "packet") continue;
    const double since = line["t"].get<double>() - lines[0]["t"].get<double>();
    expected.push_back({line["type"], fixed(since)});
  }
  CHECK(seen == expected);
}

TEST_CASE(
    "in a browser, the lines of both sides are broken while there is no connection, on red after a loss",
    "[integration][trace][browser]") {
  if (!has_browser()) return;
  const PageOfALoss page;
  const json seen = answer(page.trace, R"(
const ground = (y) => {
  const gap = all('.gap').find((gap) => y > box(gap).top && box(gap).bottom > y);
  if (!gap) return '';
  const [red, green] = getComputedStyle(gap).fill.match(/\d+/g).map(Number);
  return red > green + 5 ? ' on red' : ' on grey';
};
const sections = all('.life').map((line) =>
  [middle(line), (getComputedStyle(line).strokeDasharray === 'none' ? 'whole' : 'broken') + ground(middle(line))]);
sections.sort((a, b) => a[0] - b[0]);
const words = sections.map((section) => section[1]);
return {
  sections: words.filter((word, i) => word !== words[i - 1]),
  packets: [...new Set(all('.message line').map((line) => ground(middle(line))))],
};
)");
  CHECK(seen["sections"] == json({"broken on grey", "whole", "broken on red", "whole", "broken on grey"}));
  CHECK(seen["packets"] == json({""}));
}

TEST_CASE("in a browser, a packet has the colour that the page's legend gives what it is",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const PageOfALoss page;
  CHECK(answer(page.trace, colours) == json::parse(R"([
    ["CONNECT", "from the client"], ["CONNACK", "from the broker"], ["PUBLISH", "from the client"],
    ["CONNECT", "from the client"], ["CONNACK", "from the broker"], ["PUBLISH", "sent again"],
    ["PUBACK", "from the broker"], ["DISCONNECT", "from the client"]])"));
}

TEST_CASE("in a browser, what goes out as new since the broker lost the session has a colour of its own",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const TraceUnderTest trace;
  trace_a_lost_session(trace);
  REQUIRE(trace.make_page().status == 0);
  CHECK(answer(trace, colours) == json::parse(R"([
    ["CONNECT", "from the client"], ["CONNACK", "from the broker"], ["PUBLISH", "from the client"],
    ["CONNECT", "from the client"], ["CONNACK", "from the broker"],
    ["PUBLISH", "sent again as new: the session was lost"],
    ["PUBACK", "from the broker"], ["DISCONNECT", "from the client"]])"));
}

TEST_CASE("in a browser, the keys down and up open the next packet and the one before",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const PageOfALoss page;
  const json seen = answer(page.trace, R"(
const press = (key) => new Promise((done) => {
  addEventListener('hashchange', () => {
    const open = all('.message.open');
    done([open.length === 1 ? open[0].dataset.line : open.length + ' are open',
          document.querySelector('#packet h2').textContent.match(/^[A-Z]+/)[0], location.hash]);
  }, {once: true});
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
});
const opened = [];
for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) opened.push(await press('' + key));
return opened;
)");
  json expected = json::array();
  for (const auto& type : {packet("out", "CONNECT"), packet("in", "CONNACK"), packet("out", "PUBLISH"),
                           packet("in", "CONNACK")}) {
    const std::string line = std::to_string(page.trace.positions(type).at(0) + 1);
    expected.push_back({line, type["type"], "#line-" + line});
  }
  CHECK(seen == expected);
}

TEST_CASE("in a browser, a field that is chosen marks its bytes, and a byte its field",
          "[integration][trace][browser]") {
  if (!has_browser()) return;
  const PageOfALoss page;
  const auto line = page.trace.positions(packet("out", "PUBLISH")).at(0) + 1;
  const json seen = answer(page.trace, R"(
const field = all('#packet tr').find((row) => row.querySelector('th').textContent === 'Payload');
const plain = new Set(all('.byte').map((byte) => getComputedStyle(byte).backgroundColor));
const marked = () => [
  all('.byte').filter((byte) => !plain.has(getComputedStyle(byte).backgroundColor)).map((byte) => byte.firstChild.data).join(''),
  all('#packet tr.value').filter((row) => getComputedStyle(row).backgroundColor !== 'rgba(0, 0, 0, 0)').map((row) => row.querySelector('th').textContent).join(),
];
const choose = (target, how) => target.dispatchEvent(new MouseEvent(how, {bubbles: true}));
const answers = [marked()];
choose(field, 'click');
answers.push(marked());
choose(all('.byte')[5], 'mouseover');
answers.push(marked());
return answers;
)",
                           "#line-" + std::to_string(line));
  CHECK(seen == json::parse(R"([["", ""], ["32312e35", "Payload"], ["706c616e742f31", "Topic Name"]])"));
}
