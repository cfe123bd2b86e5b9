#include "client/check_argument.hpp"

#include <string>

#include "refusal.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

// Whether the call is refused as an invalid argument, with a sentence that begins with the argument's name.
template <class Call>
bool is_refused(Call&& call, const std::string& name) {
  const auto refusal = refusal_of([&] {
    call();
    return 0;
  });
  if (!refusal) return false;
  UNSCOPED_INFO(refusal->what);
  return refusal->code == Errc::invalid_argument && refusal->what.rfind(name, 0) == 0 &&
         refusal->what.size() > name.size() + 2;
}

}  // namespace

TEST_CASE("a fulfilled requirement asks for no sentence", "[client][argument]") {
  bool asked = false;
  const auto sentence = [&] {
    asked = true;
    return std::string("what is wrong");
  };
  require(true, sentence);
  CHECK_FALSE(asked);
  const auto refusal = refusal_of([&] {
    require(false, sentence);
    return 0;
  });
  REQUIRE(refusal);
  CHECK(refusal->code == Errc::invalid_argument);
  CHECK(refusal->what == "what is wrong");
}

TEST_CASE("strings are UTF-8 without null characters and fit into 65535 bytes", "[client][argument]") {
  for (const std::string& good : {std::string(), std::string("\xC3\xA4"), std::string(65535, 'x')})
    CHECK_NOTHROW(require_utf8("name", good));
  for (const auto& [why, value] : bad_strings) {
    CAPTURE(why);
    CHECK(is_refused([&bad = value] { require_utf8("name", bad); }, "name"));
  }
}

TEST_CASE("binary data is any bytes that fit into 65535", "[client][argument]") {
  CHECK_NOTHROW(require_binary("name", std::string(65535, '\0')));
  CHECK(is_refused([] { require_binary("name", std::string(65536, 'x')); }, "name"));
}

TEST_CASE("seconds are what four bytes can say", "[client][argument]") {
  for (const auto good : {0s, 1s, std::chrono::seconds(never_expires)})
    CHECK_NOTHROW(require_seconds("name", good));
  CHECK_NOTHROW(require_seconds("name", std::nullopt));
  for (const auto bad : {-1s, never_expires + 1s, std::chrono::seconds::max(), std::chrono::seconds::min()})
    CHECK(is_refused([bad] { require_seconds("name", bad); }, "name"));
}

TEST_CASE("a QoS is 0, 1 or 2", "[client][argument]") {
  for (const auto good : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once})
    CHECK_NOTHROW(require_qos("name", good));
  for (const int bad : {3, 255})
    CHECK(is_refused([bad] { require_qos("name", static_cast<QoS>(bad)); }, "name"));
}

TEST_CASE("a response topic is a topic name", "[client][argument]") {
  CHECK_NOTHROW(require_response_topic("name", "a/b"));
  for (const char* bad : {"", "a/+", "#", "\xC3("})
    CHECK(is_refused([bad] { require_response_topic("name", bad); }, "name"));
}

TEST_CASE("user properties are pairs of strings, both checked", "[client][argument]") {
  CHECK_NOTHROW(require_user_properties({}));
  CHECK_NOTHROW(require_user_properties({{"", ""}, {"a", "b"}, {"a", "c"}}));
  for (const auto& [why, value] : bad_strings) {
    CAPTURE(why);
    const UserProperties bad_name{{"a", "b"}, {value, "v"}};
    const UserProperties bad_value{{"a", "b"}, {"n", value}};
    CHECK(is_refused([&] { require_user_properties(bad_name); }, "user property name"));
    CHECK(is_refused([&] { require_user_properties(bad_value); }, "user property value"));
  }
}

TEST_CASE("what does not print is shown as bytes, and long values are cut", "[client][argument]") {
  CHECK(printable("a/b c") == "a/b c");
  CHECK(printable("").empty());
  CHECK(printable(std::string("\0\n\x7F\xC3", 4)) == "\\x00\\x0A\\x7F\\xC3");
  CHECK(printable(std::string(60, 'x')) == std::string(60, 'x'));
  CHECK(printable(std::string(61, 'x')) == std::string(60, 'x') + "...");
}
