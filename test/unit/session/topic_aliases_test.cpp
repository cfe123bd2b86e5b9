#include "session/topic_aliases.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using holdfast::session::TopicAliases;

namespace {

/// How each of these topics goes out: "a" in full, "a=1" in full with an alias, "=1" by its alias alone.
std::vector<std::string> sent(TopicAliases& aliases, const std::vector<std::string>& topics,
                              bool may_set = true) {
  std::vector<std::string> forms;
  for (const std::string& topic : topics) {
    const TopicAliases::Use use = aliases.use(topic + "/long/enough", may_set);
    const std::string name = use.known ? "" : topic;
    forms.push_back(use.alias == 0 ? name : name + "=" + std::to_string(use.alias));
  }
  return forms;
}

TopicAliases with_maximum(std::uint16_t maximum) {
  TopicAliases aliases;
  aliases.begin(maximum);
  return aliases;
}

using Forms = std::vector<std::string>;

}  // namespace

TEST_CASE("a topic gets an alias when it comes again, and goes by it from then on", "[aliases]") {
  TopicAliases aliases = with_maximum(2);
  CHECK(sent(aliases, {"a", "b", "a", "a", "b", "a", "b"}) ==
        Forms{"a", "b", "a=1", "=1", "b=2", "=1", "=2"});
}

TEST_CASE("a topic that is used once, or shorter than an alias saves, gets none", "[aliases]") {
  TopicAliases aliases = with_maximum(2);
  CHECK(sent(aliases, {"a", "b", "c", "d"}) == Forms{"a", "b", "c", "d"});
  for (int i = 0; i < 5; ++i) {
    CHECK(aliases.use("short/1", true).alias == 0);
    CHECK(aliases.use("topic/12", true).alias == (i == 0 ? 0 : 1));
  }
}

TEST_CASE("the alias that was not used for longest goes to a topic that came twice since",
          "[aliases][U-3.3.2.3.4-1]") {
  TopicAliases aliases = with_maximum(2);
  CHECK(sent(aliases, {"a", "a", "b", "b", "a"}) == Forms{"a", "a=1", "b", "b=2", "=1"});
  CHECK(sent(aliases, {"c", "c", "a", "b", "c"}) == Forms{"c", "c=2", "=1", "b", "=2"});
}

TEST_CASE("topics that come in turn do not take their aliases away from each other", "[aliases]") {
  TopicAliases aliases = with_maximum(2);
  const Forms round{"a", "b", "c"};
  sent(aliases, round);
  sent(aliases, round);
  for (int i = 0; i < 10; ++i)
    CHECK(sent(aliases, round) == Forms{"=1", "=2", "c"});
}

TEST_CASE("a packet without room for an alias gets none, but may use one", "[aliases]") {
  TopicAliases aliases = with_maximum(2);
  CHECK(sent(aliases, {"a", "a", "a"}, false) == Forms{"a", "a", "a"});
  CHECK(sent(aliases, {"a", "a"}) == Forms{"a", "a=1"});
  CHECK(sent(aliases, {"a"}, false) == Forms{"=1"});
}

TEST_CASE("each connection begins without aliases, and with its own maximum", "[aliases]") {
  TopicAliases aliases = with_maximum(1);
  CHECK_FALSE(TopicAliases().any());
  CHECK(sent(aliases, {"a", "a", "a"}) == Forms{"a", "a=1", "=1"});
  aliases.begin(0);
  CHECK_FALSE(aliases.any());
  aliases.begin(1);
  CHECK(sent(aliases, {"a", "a"}) == Forms{"a", "a=1"});
}
