// By which numbers an application knows a QoS 2 message again that an earlier process handed over.
#include <optional>

#include "process_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

constexpr std::uint16_t id = 5;

std::string qos2(const std::string& payload, bool dup = false) {
  return support::publish("t", payload, QoS::exactly_once, id, dup);
}

/// Lets it come; what the message has that is handed over, if one is. Its token is kept.
std::optional<InboundExchange> arrive(EngineUnderTest& test, const std::string& bytes) {
  test.receive(bytes);
  if (test.engine.received().empty()) return std::nullopt;
  REQUIRE(test.engine.received().size() == 1);
  const InboundExchange exchange = test.engine.received().front()->exchange();
  test.received();
  return exchange;
}

/// The broker sends it and the application acknowledges it, until all is over.
InboundExchange pass(Process& process, const std::string& payload, bool dup = false) {
  const auto exchange = arrive(*process, qos2(payload, dup));
  REQUIRE(exchange);
  process->acknowledge(process->tokens.size() - 1);
  CHECK(described(process.turn()) == std::vector<std::string>{"PUBREC"});
  process->receive(pubrel(id));
  CHECK(described(process.turn()) == std::vector<std::string>{"PUBCOMP"});
  return *exchange;
}

struct Days {
  Process& start(bool session_present, const Options& options = hour_long_session()) {
    process.reset();
    process.emplace(store, options);
    (*process)->connect(session_present);
    process->turn();
    return *process;
  }

  std::shared_ptr<store::MemoryStore> store =
      std::make_shared<store::MemoryStore>(RangeLimits{}, std::uint64_t{100});
  std::optional<Process> process;
};

}  // namespace

TEST_CASE("a message whose acknowledgement was not recorded has the same key in the next process",
          "[message-key]") {
  Days days;
  Process& first = days.start(false);
  const auto before = arrive(*first, qos2("1"));
  CHECK(before == InboundExchange{100, 1});
  SECTION("killed before it was acknowledged") {}
  SECTION("killed before the acknowledgement was committed") {
    first->acknowledge(0);
  }
  Process& second = days.start(true);
  CHECK(arrive(*second, qos2("1", true)) == before);
}

TEST_CASE("a message whose acknowledgement was recorded is not handed over again", "[message-key]") {
  Days days;
  Process& first = days.start(false);
  arrive(*first, qos2("1"));
  first->acknowledge(0);
  SECTION("killed before PUBREC left") {
    first.commit();
  }
  SECTION("killed after it") {
    first.turn();
  }
  Process& second = days.start(true);
  CHECK(arrive(*second, qos2("1", true)) == std::nullopt);
  CHECK(described(second.turn()) == std::vector<std::string>{"PUBREC"});
}

TEST_CASE("the next message with the same identifier has another key, with DUP or without", "[message-key]") {
  const bool dup = GENERATE(false, true);
  const bool restarted = GENERATE(false, true);
  Days days;
  Process& first = days.start(false);
  CHECK(pass(first, "1") == InboundExchange{100, 1});
  Process& second = restarted ? days.start(true) : first;
  CHECK(pass(second, "2", dup) == InboundExchange{100, 2});
  CHECK(pass(second, "3", dup) == InboundExchange{100, 3});
}

TEST_CASE("a PUBREC that is sent again does not count again", "[message-key]") {
  const bool restarted = GENERATE(false, true);
  Days days;
  Process& first = days.start(false);
  arrive(*first, qos2("1"));
  first->acknowledge(0);
  first.turn();
  if (!restarted) {
    first->lose();
    first->connect(true);
    first.turn();
  }
  Process& second = restarted ? days.start(true) : first;
  second->receive(qos2("1", true));
  CHECK(described(second.turn()) == std::vector<std::string>{"PUBREC"});
  second->receive(pubrel(id));
  second.turn();
  CHECK(arrive(*second, qos2("2")) == InboundExchange{100, 2});
}

TEST_CASE("a message carries the session in which it came", "[message-key]") {
  Days days;
  Process& first = days.start(false);
  pass(first, "1");
  const auto old = arrive(*first, qos2("2"));
  CHECK(old == InboundExchange{100, 2});
  SECTION("in one process") {
    first->lose();
    first->connect(false);
    first.turn();
    CHECK(arrive(*first, qos2("3")) == InboundExchange{101, 1});
    first->acknowledge(1);  // Of the earlier session: it must not count in this one.
    CHECK(first.turn().empty());
    Process& second = days.start(true);
    CHECK(arrive(*second, qos2("3", true)) == InboundExchange{101, 1});
  }
  SECTION("across processes") {
    Process& second = days.start(false);
    CHECK(arrive(*second, qos2("3")) == InboundExchange{101, 1});
  }
}

TEST_CASE("a message that is refused has ended, and the next one has another key", "[message-key]") {
  Days days;
  const std::string large(100, 'x');
  Process& first = days.start(false);
  CHECK(arrive(*first, qos2(large)) == InboundExchange{100, 1});
  Options limited = hour_long_session();
  limited.connect_properties.maximum_packet_size = 50;
  Process& second = days.start(true, limited);
  CHECK(arrive(*second, qos2(large, true)) == std::nullopt);
  CHECK(described(second.turn()) == std::vector<std::string>{"PUBREC"});
  Process& third = days.start(true);
  CHECK(arrive(*third, qos2("small")) == InboundExchange{100, 2});
}

TEST_CASE("there is no key at QoS 1, nor without a store", "[message-key]") {
  Days days;
  Process& process = days.start(false);
  CHECK(arrive(*process, support::publish("t", "1", QoS::at_least_once, 1)) == InboundExchange{});
  EngineUnderTest without;
  without.connect();
  CHECK(arrive(without, qos2("2")) == InboundExchange{});
}
