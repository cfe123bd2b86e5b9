// A store's file that was damaged where SQLite does not see it: it is refused, or what it gives back is
// wrong, but nothing crashes and nothing is written.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "store_files.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

/// Puts some of everything in.
void fill(const Files& files) {
  const auto store = files.store();
  static_cast<void>(store->open({}));
  auto expiring = session::OutboundMessage::make(
      {.topic = "t", .qos = QoS::at_least_once, .expires_at = session::TimePoint(std::chrono::hours(1))});
  expiring->sequence = 9;
  store->commit({Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3, "")}, Accepted{message(4)},
                 Accepted{message(8)}, Accepted{expiring}, Sent{1, 1}, Sent{2, 300}, Sent{3, 3},
                 Sent{4, 4, QoS::at_least_once}, Released{2}, Held{3}, Returned{4}, Finished{8},
                 InboundReceived{5, 1}, InboundReceived{65535, 300}, InboundReleased{5}},
                {});
}

/// Whether the file is refused as damaged; all it gives back is looked at.
bool refused(const Files& files) {
  try {
    static_cast<void>(support::open_whole(*files.store()));
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.code() == Errc::store_failed);
    CHECK(mentions(error.what(), "damaged"));
    return true;
  }
  return false;
}

struct Column {
  const char* read;
  const char* write;
};
constexpr Column heads{"SELECT heads FROM batch", "UPDATE batch SET heads = ?"};
constexpr Column bodies{"SELECT bodies FROM batch", "UPDATE batch SET bodies = ?"};
constexpr Column records{"SELECT records FROM change", "UPDATE change SET records = ?"};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values)
    text += static_cast<char>(value);
  return text;
}

}  // namespace

TEST_CASE("what was not damaged is not refused", "[store][damage]") {
  const Files files;
  fill(files);
  CHECK_FALSE(refused(files));
}

TEST_CASE("a byte of a store that is another harms nobody", "[store][damage]") {
  const Files files;
  fill(files);
  const Column column = GENERATE(heads, bodies, records);
  const std::string good = files.blob(column.read);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x08, 0x80, 0xFF}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      files.execute(column.write, bad);
      static_cast<void>(refused(files));
    }
  }
}

TEST_CASE("messages that are cut, or have something behind them, are refused", "[store][damage]") {
  const Files files;
  fill(files);
  const Column column = GENERATE(heads, bodies);
  const std::string good = files.blob(column.read);
  for (std::size_t size = 0; size < good.size(); ++size) {
    files.execute(column.write, good.substr(0, size));
    CHECK(refused(files));
  }
  files.execute(column.write, good + '\0');
  CHECK(refused(files));
}

TEST_CASE("changes that are cut harm nobody", "[store][damage]") {
  const Files files;
  fill(files);
  const std::string good = files.blob(records.read);
  for (std::size_t size = 0; size < good.size(); ++size) {
    files.execute(records.write, good.substr(0, size));
    static_cast<void>(refused(files));
  }
}

TEST_CASE("changes that make no sense are refused", "[store][damage]") {
  const Files files;
  fill(files);
  const std::string bad = GENERATE(bytes({0}),                    // Of no kind.
                                   bytes({12}),                   // Of none that we know.
                                   bytes({4, 2, 0}),              // Sent with no identifier,
                                   bytes({4, 2, 0x80, 0x80, 4}),  // with one above 65,535,
                                   bytes({4, 2, 7, 4, 2, 7}),     // with that of another message,
                                   bytes({4, 2, 7, 8, 7}),        // or with one that is taken for good,
                                   bytes({4, 24, 7}),             // of a message that is not there,
                                   bytes({4, 10, 7}),             // or lies between others,
                                   bytes({4, 2, 7, 1, 2, 0, 2, 0, 0, 4, 0, 7}),  // or has ended.
                                   bytes({9, 0}), bytes({10}),                   // No identifier.
                                   bytes({2, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}),
                                   std::string(20, '\xFF'));
  files.execute(records.write, bad);
  CHECK(refused(files));
}

TEST_CASE("batches that make no sense are refused", "[store][damage]") {
  const Files files;
  fill(files);
  files.execute(GENERATE("UPDATE batch SET messages = 5", "UPDATE batch SET messages = 7",
                         "UPDATE batch SET messages = -1", "UPDATE batch SET messages = 1000000000000",
                         "UPDATE batch SET first_sequence = -1", "UPDATE batch SET first_sequence = 2",
                         "DELETE FROM batch", "DELETE FROM session",
                         "INSERT INTO batch SELECT 5, messages, heads, bodies FROM batch"));
  CHECK(refused(files));
}

TEST_CASE("a damaged store is left as it is", "[store][damage]") {
  const Files files;
  fill(files);
  files.execute(records.write, std::string("\xFF"));
  const std::string before = files.content();
  CHECK(refused(files));
  CHECK(files.content() == before);
}
