#include "client/status.hpp"

#include <holdfast/error.hpp>

#include <utility>
#include <vector>

#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;

namespace {

constexpr auto every = {State::idle,    State::connecting, State::connected,  State::waiting,
                        State::closing, State::refused,    State::taken_over, State::closed};

Status::Snapshot now(Status& status) {
  return status.wait(at_once(), [](State) { return true; });
}

void enter(Status& status, State state, Failure failure = {}) {
  status.set(state, std::move(failure), [] {});
}

Failure failure(Errc code, const char* what) {
  return {make_error_code(code), what, {}, {}};
}

}  // namespace

TEST_CASE("a client begins idle, with nothing failed and nothing left behind", "[client][status]") {
  Status status;
  const auto snapshot = now(status);
  CHECK(snapshot.state == State::idle);
  CHECK_FALSE(snapshot.failure.error);
  CHECK(snapshot.drained);
  CHECK_FALSE(status.is_connected());
}

TEST_CASE("it is connected in the state connected alone", "[client][status]") {
  Status status;
  for (const State state : every) {
    enter(status, state);
    CHECK(now(status).state == state);
    CHECK(status.is_connected() == (state == State::connected));
  }
}

TEST_CASE("only from a final state is a new start needed, and from closed there is none",
          "[client][status]") {
  for (const State state : every) {
    CAPTURE(static_cast<int>(state));
    Status status;
    enter(status, state);
    const bool begins = state == State::idle || state == State::refused || state == State::taken_over;
    CHECK(is_final(state) == (begins || state == State::closed));
    CHECK(status.begin_connecting() == begins);
    CHECK(now(status).state == (begins ? State::connecting : state));
    CHECK_FALSE(status.begin_connecting());  // One start is enough for all callers.
  }
}

TEST_CASE("there is something to end unless the state is final", "[client][status]") {
  for (const State state : every) {
    CAPTURE(static_cast<int>(state));
    Status status;
    enter(status, state);
    CHECK(status.begin_disconnecting() == !is_final(state));
    CHECK(now(status).state == (is_final(state) ? state : State::closing));
  }
}

TEST_CASE("why the last attempt failed stays known until the next failure or start", "[client][status]") {
  Status status;
  enter(status, State::waiting, failure(Errc::connect_failed, "first"));
  enter(status, State::connecting);
  CHECK(now(status).failure.what == "first");
  enter(status, State::refused,
        {make_error_code(Errc::connection_refused), "second", ReasonCode::not_authorized, "go away"});
  const auto snapshot = now(status);
  CHECK(snapshot.failure.error == Errc::connection_refused);
  CHECK(snapshot.failure.what == "second");
  CHECK(snapshot.failure.reason_code == ReasonCode::not_authorized);
  CHECK(snapshot.failure.reason_string == "go away");
  CHECK(status.begin_connecting());
  CHECK_FALSE(now(status).failure.error);
  CHECK(now(status).failure.what.empty());
}

TEST_CASE("whether everything was sent before disconnecting is told", "[client][status]") {
  Status status;
  status.set_drained(false);
  CHECK_FALSE(now(status).drained);
  status.set_drained(true);
  CHECK(now(status).drained);
}

TEST_CASE("a wait ends when the state is reached, and tells how it came to it", "[client][status]") {
  Status status;
  auto call =
      on_a_thread([&] { return status.wait(in_time(), [](State state) { return is_final(state); }); });
  REQUIRE(returns(call));
  CHECK(call.get().state == State::idle);
  CHECK(status.begin_connecting());
  call = on_a_thread([&] { return status.wait(in_time(), [](State state) { return is_final(state); }); });
  for (const State state : {State::connected, State::waiting, State::connecting}) {
    enter(status, state);
    CHECK(goes_on_waiting(call));
  }
  enter(status, State::idle, failure(Errc::timed_out, "no answer"));
  REQUIRE(returns(call));
  const auto snapshot = call.get();
  CHECK(snapshot.state == State::idle);
  CHECK(snapshot.failure.what == "no answer");
}

TEST_CASE("a wait in vain ends with its deadline and tells how it is", "[client][status]") {
  Status status;
  enter(status, State::waiting, failure(Errc::connect_failed, "refused"));
  const auto deadline = at_once() + a_while;
  const auto snapshot = status.wait(deadline, [](State state) { return state == State::connected; });
  CHECK(std::chrono::steady_clock::now() >= deadline);
  CHECK(snapshot.state == State::waiting);
  CHECK(snapshot.failure.what == "refused");
}

TEST_CASE("all who wait see the state that ends their wait", "[client][status]") {
  Status status;
  enter(status, State::connecting);
  std::vector<std::future<Status::Snapshot>> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(on_a_thread(
        [&] { return status.wait(in_time(), [](State state) { return state == State::connected; }); }));
  }
  CHECK(goes_on_waiting(calls.back()));
  enter(status, State::connected);
  for (auto& call : calls) {
    REQUIRE(returns(call));
    CHECK(call.get().state == State::connected);
  }
}
