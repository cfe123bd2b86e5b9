#include "client/route.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace std::chrono_literals;

namespace {

const session::TimePoint start(1'000h);

Options with_servers(std::vector<std::string> servers) {
  Options options;
  options.servers = std::move(servers);
  options.follow_server_reference = true;
  return options;
}

std::string at(const Route& route, std::optional<std::size_t> server) {
  return server ? route.destination(*server).server : "nowhere";
}

}  // namespace

TEST_CASE("servers are tried in the order of the list", "[route]") {
  const auto options = with_servers({"a", "b", "c"});
  const Route route(options, 7);
  CHECK(route.servers() == 3);
  CHECK(at(route, 0) + at(route, 1) + at(route, 2) == "abc");
  Options one;
  one.server = "mqtt://only";
  CHECK(Route(one, 7).servers() == 1);
  CHECK(at(Route(one, 7), 0) == "mqtt://only");
}

TEST_CASE("shuffled lists spread their clients, and keep every server", "[route]") {
  auto options = with_servers({"a", "b", "c"});
  options.server_order = ServerOrder::shuffled;
  std::map<std::string, int> first;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const Route route(options, seed);
    ++first[at(route, 0)];
    CHECK(std::set{at(route, 0), at(route, 1), at(route, 2)}.size() == 3);
  }
  REQUIRE(first.size() == 3);
  for (const auto& [server, times] : first)
    CHECK(times > 60);
}

TEST_CASE("a session belongs to one server, or to all of a cluster and where it led", "[route]") {
  auto options = with_servers({"a", "mqtts://B"});
  CHECK(Route(options, 1).group_of("b:8883") == "b:8883");
  options.server_group = ServerGroup::cluster;
  CHECK(Route(options, 1).group_of("b:8883") == "a:1883 b:8883");
  CHECK(Route(options, 1).group_of("c:1883") == "a:1883 b:8883 c:1883");
}

TEST_CASE("the server that has our session is the first one to be tried", "[route]") {
  const auto options = with_servers({"a", "b", "c"});
  const Route route(options, 1);
  CHECK(route.first_in("b:1883") == 1);
  CHECK(route.first_in("c:1883 b:1883") == 1);
  CHECK(route.first_in("elsewhere:1883") == 0);
  CHECK(route.first_in("") == 0);
}

TEST_CASE("references are followed one after the other, with the credentials of who gave them", "[route]") {
  const auto options = with_servers({"a"});
  Route route(options, 1);
  const auto followed = route.follow("x y", false, 0, {"mqtt://a", "alice", "secret"}, start);
  REQUIRE(followed.server == route.servers());
  CHECK(at(route, followed.server) == "mqtt://x:1883");
  CHECK(followed.what == "mqtt://x:1883");
  CHECK(route.destination(1).user_name == "alice");
  CHECK(route.destination(1).password == "secret");
  CHECK(at(route, route.next_reference()) == "mqtt://y:1883");
  CHECK_FALSE(route.next_reference());
}

TEST_CASE("a reference to a server of ours leads there", "[route]") {
  const auto options = with_servers({"a", "b:1884"});
  Route route(options, 1);
  CHECK(route.follow("B:1884", false, 0, {"mqtt://a"}, start).server == 1U);
}

TEST_CASE("references are followed only when allowed, and said why not", "[route]") {
  auto options = with_servers({"mqtts://a"});
  Route route(options, 1);
  for (const char* reference : {"", "mqtt://b", "b:b:b"}) {
    CAPTURE(reference);
    const auto followed = route.follow(reference, false, 0, {"mqtts://a"}, start);
    CHECK_FALSE(followed.server);
    CHECK_FALSE(followed.what.empty());
  }
  options.follow_server_reference = false;
  const auto followed = route.follow("b", false, 0, {"mqtts://a"}, start);
  CHECK_FALSE(followed.server);
  CHECK(followed.what.find("follow_server_reference") != std::string::npos);
}

TEST_CASE("at most three references in a row are followed, unless a connection between them lasted",
          "[route]") {
  const auto options = with_servers({"a"});
  const std::chrono::milliseconds up = GENERATE(0ms, 9'999ms, 10'000ms);
  Route route(options, 1);
  auto now = start;
  bool followed = true;
  int times = 0;
  for (; followed && times < 10; ++times) {
    followed = route.follow("x" + std::to_string(times), false, 1, {"mqtt://a"}, now).server.has_value();
    route.on_connected(1, at(route, 1), now);
    now += up;
  }
  CHECK(times == (up < 10s ? 4 : 10));
}

TEST_CASE("a server that has moved is remembered once it was there, others are not", "[route]") {
  const auto options = with_servers({"a", "b"});
  Route route(options, 1);
  const bool permanent = GENERATE(false, true);
  const auto guest = route.follow("x", permanent, 0, {"mqtt://a"}, start).server;
  REQUIRE(guest == 2U);
  CHECK(at(route, 0) == "a");
  CHECK(route.on_connected(2, "mqtt://x:1883", start) == (permanent ? 0U : 2U));
  CHECK(at(route, 0) == (permanent ? "mqtt://x:1883" : "a"));
  route.reset();
  CHECK(at(route, 0) == (permanent ? "mqtt://x:1883" : "a"));
  CHECK(at(route, 1) == "b");
}

TEST_CASE("a move over several steps leads to the last one, if all are for ever", "[route]") {
  const auto options = with_servers({"a"});
  Route route(options, 1);
  const bool permanent = GENERATE(false, true);
  route.follow("x", permanent, 0, {"mqtt://a"}, start);
  route.follow("y", true, 1, {"mqtt://x:1883"}, start);
  CHECK(route.on_connected(1, "mqtt://y:1883", start) == (permanent ? 0U : 1U));
  CHECK(at(route, 0) == (permanent ? "mqtt://y:1883" : "a"));
}

TEST_CASE("where a server has moved to is doubted when it fails, and then the old address is asked again",
          "[route]") {
  const auto options = with_servers({"a"});
  Route route(options, 1);
  route.follow("x", true, 0, {"mqtt://a"}, start);
  route.on_connected(1, "mqtt://x:1883", start);
  route.on_attempt_failed(0);
  CHECK(at(route, 0) == "a");
  SECTION("which is as dead") {
    route.on_attempt_failed(0);
    CHECK(at(route, 0) == "mqtt://x:1883");
  }
  SECTION("which knows better") {
    route.on_attempt_failed(0);
    route.follow("z", true, 0, {"mqtt://a"}, start);
    route.on_connected(1, "mqtt://z:1883", start);
    CHECK(at(route, 0) == "mqtt://z:1883");
  }
  SECTION("which takes us again") {
    route.on_connected(0, "mqtt://a", start);
    route.on_attempt_failed(0);
    CHECK(at(route, 0) == "a");
  }
}

TEST_CASE("where a hook went instead is not where a server has moved to", "[route]") {
  const auto options = with_servers({"a"});
  Route route(options, 1);
  route.follow("x", true, 0, {"mqtt://a"}, start);
  CHECK(route.on_connected(1, "mqtt://hooked", start) == 1);
  CHECK(at(route, 0) == "a");
}
