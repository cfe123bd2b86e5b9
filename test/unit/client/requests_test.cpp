// Requests on the application's side: when the response topic is subscribed to, and when nothing can come.
#include "client/requests.hpp"

#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;

namespace {

using Kind = session::SubscriptionRequest::Kind;

session::SubscriptionAnswer answer(Kind kind, ReasonCode code, const std::string& filter = "answers") {
  session::SubscriptionAnswer made;
  made.request.kind = kind;
  made.request.subscriptions = {{filter, {}}};
  made.codes = {code};
  return made;
}

bool begins(Requests& requests) {
  return requests.begin_subscribing(in_time(), "request: ");
}

/// As a request does it that is answered.
void subscribe(Requests& requests) {
  REQUIRE(begins(requests));
  requests.on_answer(answer(Kind::subscribe, ReasonCode::granted_qos_2));
  requests.end_subscribing();
  REQUIRE_FALSE(begins(requests));
}

const Failure refused{make_error_code(Errc::connection_refused), "the broker wants none of us",
                      ReasonCode::not_authorized, "no"};

}  // namespace

TEST_CASE("a session lost before subscribe() has returned leaves nothing subscribed to", "[requests]") {
  Requests requests("answers");
  REQUIRE(begins(requests));
  requests.on_answer(answer(Kind::subscribe, ReasonCode::granted_qos_2));
  requests.on_subscription_lost();
  requests.end_subscribing();
  CHECK(begins(requests));
}

TEST_CASE("a subscription that was refused, or had no answer, is asked for by the next request",
          "[requests]") {
  Requests requests("answers");
  REQUIRE(begins(requests));
  requests.on_answer(answer(Kind::subscribe, ReasonCode::not_authorized));
  requests.end_subscribing();
  REQUIRE(begins(requests));
  requests.end_subscribing();
  CHECK(begins(requests));
}

TEST_CASE("what ends the subscription to the response topic makes the next request subscribe again",
          "[requests]") {
  Requests requests("answers");
  subscribe(requests);
  requests.on_answer(answer(Kind::unsubscribe, ReasonCode::success, "another"));
  requests.on_answer(answer(Kind::unsubscribe, ReasonCode::not_authorized));
  CHECK_FALSE(begins(requests));
  requests.on_answer(answer(Kind::unsubscribe, ReasonCode::success));
  CHECK(begins(requests));
}

TEST_CASE("no request waits for a connection that will not come", "[requests]") {
  const bool knows_topic = GENERATE(false, true);
  Requests requests(knows_topic ? "answers" : "");
  const auto reason_of = [](auto&& call) {
    try {
      call();
    } catch (const Error& error) {
      CHECK(std::string(error.what()) == "request: the broker wants none of us");
      CHECK(error.code() == Errc::connection_refused);
      return error.reason_code();
    }
    return std::optional<ReasonCode>();
  };
  const auto ask_topic = [&] { static_cast<void>(requests.topic(in_time(), "request: ")); };
  const auto ask_again = [&] { static_cast<void>(begins(requests)); };
  if (knows_topic) REQUIRE(begins(requests));  // Another request, which is at it.
  auto waiting = on_a_thread([&] { return knows_topic ? reason_of(ask_again) : reason_of(ask_topic); });
  REQUIRE(goes_on_waiting(waiting));
  requests.interrupt(refused);
  REQUIRE(returns(waiting));
  CHECK(waiting.get() == ReasonCode::not_authorized);

  // Who comes later need not wait to hear it either.
  CHECK(reason_of(ask_topic) == ReasonCode::not_authorized);
  CHECK(reason_of(ask_again) == ReasonCode::not_authorized);
  Requests::Call call(requests);
  CHECK(reason_of([&] { static_cast<void>(requests.wait(call, in_time(), "request: ")); }) ==
        ReasonCode::not_authorized);
  requests.resume();
  CHECK(requests.set_topic("", "client") == (knows_topic ? "answers" : "holdfast/response/client"));
  CHECK_NOTHROW(ask_topic());
}

TEST_CASE("a connect() that meets the client's end leaves no request waiting for a connection",
          "[requests]") {
  Requests requests("");
  requests.close(refused);
  requests.resume();
  CHECK_THROWS_AS(requests.topic(in_time(), "request: "), Error);
}

TEST_CASE("a request to which no response can come is not to be sent", "[requests]") {
  Requests requests("answers");
  const Requests::Call before(requests);
  CHECK_FALSE(before.is_hopeless());
  SECTION("the subscription was lost") {
    requests.on_subscription_lost();
  }
  SECTION("the subscription was refused") {
    requests.on_subscription_failed("answers", ReasonCode::not_authorized);
  }
  SECTION("the client has ended") {
    requests.interrupt(refused);
    const Requests::Call after(requests);
    requests.resume();  // Of a connect() that comes too late for both.
    CHECK(after.is_hopeless());
    CHECK_THROWS_AS(requests.require_hope(after, "request: "), Error);
  }
  CHECK(before.is_hopeless());
  CHECK_THROWS_AS(requests.require_hope(before, "request: "), Error);
}
