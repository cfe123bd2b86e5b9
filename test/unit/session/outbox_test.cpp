#include "session/outbox.hpp"

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

const TimePoint start(1'000h);

std::vector<std::string> drain(Outbox& outbox) {
  std::vector<std::string> payloads;
  while (outbox.front() != nullptr) {
    const OutboundMessagePtr message = outbox.pop_front();
    const auto payload = message->payload();
    payloads.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  return payloads;
}

}  // namespace

TEST_CASE("the outbox keeps the order, and what comes back goes out first in its order", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("3", QoS::at_least_once));
  outbox.push_back(make_message("4", QoS::at_most_once));
  outbox.push_front({make_message("1", QoS::at_least_once), make_message("2", QoS::exactly_once)});
  CHECK(drain(outbox) == numbers(1, 4));
  CHECK(outbox.empty());
}

TEST_CASE("expired messages are taken out in the order of their times, the others stay", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("late", QoS::at_least_once, start + 9s));
  outbox.push_back(make_message("2", QoS::at_least_once, start + 2s));
  outbox.push_back(make_message("1", QoS::at_least_once, start + 1s));
  outbox.push_back(make_message("for ever", QoS::at_least_once));
  CHECK(outbox.deadline() == start + 1s);
  std::vector<OutboundMessagePtr> expired;
  outbox.take_expired(start + 2s, expired);
  REQUIRE(expired.size() == 2);
  CHECK(expired[0]->expires_at() == start + 1s);
  CHECK(expired[1]->expires_at() == start + 2s);
  CHECK(outbox.deadline() == start + 9s);
  CHECK(drain(outbox) == std::vector<std::string>{"late", "for ever"});
}

TEST_CASE("a message that has left is not waited for and not kept until its time is over", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("stays", QoS::at_least_once, start + 10h));
  for (int i = 0; i < 10'000; ++i) {
    outbox.push_back(make_message("x", QoS::at_least_once, start + 1h));
    outbox.push_front({outbox.pop_front()});  // As after a lost session.
  }
  CHECK(outbox.deadline() == start + 1h);
  for (int i = 0; i < 10'001; ++i)
    outbox.pop_front();
  CHECK(outbox.deadline() == never);
}

TEST_CASE("a message that came back and expires is taken once", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("x", QoS::at_least_once, start + 1s));
  outbox.push_front({outbox.pop_front()});
  std::vector<OutboundMessagePtr> expired;
  outbox.take_expired(start + 1s, expired);
  outbox.take_expired(start + 1s, expired);
  CHECK(expired.size() == 1);
  CHECK(outbox.empty());
}

TEST_CASE("QoS 0 messages can be taken out, the others keep their order", "[outbox]") {
  Outbox outbox;
  for (int i = 1; i <= 6; ++i)
    outbox.push_back(make_message(std::to_string(i), i % 2 == 0 ? QoS::at_most_once : QoS::at_least_once));
  std::vector<OutboundMessagePtr> taken;
  outbox.take_qos0(taken);
  CHECK(taken.size() == 3);
  CHECK(drain(outbox) == std::vector<std::string>{"1", "3", "5"});
}
