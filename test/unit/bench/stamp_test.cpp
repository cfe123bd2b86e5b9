// What the payloads begin with, and the topics that are made of patterns.
#include "stamp.hpp"

#include <string>

#include "support/catch.hpp"
#include "topic_pattern.hpp"

using namespace holdfast::tools;
using namespace std::chrono_literals;

TEST_CASE("a stamp is read as it was written", "[unit][bench]") {
  const Stamp stamp{
      .run = 0xFEDCBA98, .stream = 7, .sequence = 0xFFFFFFFF, .sent = 1'700'000'000'123'456'789};
  std::string payload(stamp_size + 10, 'x');
  write_stamp(stamp, payload.data());
  CHECK(payload.substr(stamp_size) == std::string(10, 'x'));
  CHECK(read_stamp(payload) == stamp);
}

TEST_CASE("a payload of somebody else has no stamp", "[unit][bench]") {
  std::string payload(stamp_size, 'x');
  CHECK_FALSE(read_stamp(payload));
  write_stamp({}, payload.data());
  CHECK(read_stamp(payload));
  CHECK_FALSE(read_stamp(std::string_view(payload).substr(0, stamp_size - 1)));
  CHECK_FALSE(read_stamp(""));
}

TEST_CASE("the stamps' clock is the calendar's, and its differences are the steady clock's",
          "[unit][bench]") {
  const StampClock clock;
  const auto now = StampClock::Clock::now();
  CHECK(clock.at(now + 1500ms) - clock.at(now) == 1'500'000'000);
  const auto calendar = std::chrono::system_clock::now().time_since_epoch();
  CHECK(std::abs(clock.at(StampClock::Clock::now()) - std::chrono::nanoseconds(calendar).count()) <
        std::chrono::nanoseconds(1min).count());
}

TEST_CASE("a pattern stands for a topic of each client", "[unit][bench]") {
  CHECK(expand("bench/%i/%n", 7, "id", 3) == "bench/7/3");
  CHECK(expand("%c/100%/%x%", 7, "id", 3) == "id/100%/%x%");
  CHECK(expand("%%i", 7, "id", 3) == "%7");
}

TEST_CASE("the filter of a pattern matches whatever it stands for", "[unit][bench]") {
  CHECK(filter_of("bench/%i") == "bench/+");
  CHECK(filter_of("%c/x%n/state") == "+/+/state");
  CHECK(filter_of("plant") == "plant");
  CHECK(filter_of("/a//%i/") == "/a//+/");
}

TEST_CASE("a shared subscription matches as its filter does", "[unit][bench]") {
  CHECK(unshared("$share/group/a/#") == "a/#");
  CHECK(unshared("$share/group") == "$share/group");
  CHECK(unshared("a/#") == "a/#");
}
