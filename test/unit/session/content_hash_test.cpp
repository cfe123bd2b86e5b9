// What makes two messages the same.
#include "session/content_hash.hpp"

#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

std::uint64_t hash_of(const std::string& topic, const std::string& payload,
                      const std::vector<std::byte>& properties = {}) {
  wire::Publish publish;
  publish.payload = std::as_bytes(std::span(payload));
  publish.properties = wire::PropertiesView(properties);
  return content_hash(publish, topic);
}

template <class Write>
std::vector<std::byte> properties_by(Write write) {
  std::vector<std::byte> bytes;
  wire::PropertyWriter writer(bytes);
  write(writer);
  return bytes;
}

}  // namespace

TEST_CASE("a message with one other byte is another one, up to 256 bytes of payload", "[content-hash]") {
  for (std::size_t size = 0; size <= 256; ++size) {
    const std::string payload(size, 'x');
    const auto hash = hash_of("t", payload);
    CHECK(hash != hash_of("t", payload + 'x'));
    CHECK(hash != hash_of("u", payload));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = payload;
      other[at] = 'y';
      if (hash_of("t", other) == hash) FAIL_CHECK("byte " << at << " of " << size << " does not count");
    }
  }
}

TEST_CASE("of a larger payload size, beginning and end count", "[content-hash]") {
  const std::string payload(100'000, 'x');
  std::string begins_otherwise = payload;
  begins_otherwise[127] = 'y';
  std::string ends_otherwise = payload;
  ends_otherwise[payload.size() - 128] = 'y';
  CHECK(hash_of("t", payload) == hash_of("t", payload));
  CHECK(hash_of("t", payload) != hash_of("t", payload + 'x'));
  CHECK(hash_of("t", payload) != hash_of("t", begins_otherwise));
  CHECK(hash_of("t", payload) != hash_of("t", ends_otherwise));
}

TEST_CASE("messages that differ in a few digits are told apart", "[content-hash]") {
  std::set<std::uint64_t> hashes;
  for (int first = 0; first < 100; ++first) {
    for (int second = 0; second < 100; ++second)
      hashes.insert(hash_of("sensors/1", "temp=2" + std::to_string(first + 100) +
                                             ";h=" + std::to_string(second + 100) + ".0%"));
  }
  CHECK(hashes.size() == 10'000);
  CHECK(hash_of("sensors/1", "temp=200;h=80.0%") != hash_of("sensors/1", "temp=208;h=70.0%"));
}

TEST_CASE("properties count, but for those that a broker changes when it sends again", "[content-hash]") {
  const auto plain = hash_of("t", "x");
  const auto with = [](auto write) { return hash_of("t", "x", properties_by(write)); };
  using Id = wire::PropertyId;
  CHECK(with([](auto& writer) { writer.number(Id::message_expiry_interval, 5); }) == plain);
  CHECK(with([](auto& writer) { writer.number(Id::topic_alias, 5); }) == plain);
  CHECK(with([](auto& writer) { writer.number(Id::subscription_identifier, 5); }) == plain);
  CHECK(with([](auto& writer) { writer.number(Id::payload_format_indicator, 1); }) != plain);
  CHECK(with([](auto& writer) { writer.string(Id::response_topic, "a"); }) != plain);
  CHECK(with([](auto& writer) { writer.string(Id::response_topic, "a"); }) !=
        with([](auto& writer) { writer.string(Id::content_type, "a"); }));
  CHECK(with([](auto& writer) { writer.user_property("a", "b"); }) !=
        with([](auto& writer) { writer.user_property("a", "c"); }));
}
