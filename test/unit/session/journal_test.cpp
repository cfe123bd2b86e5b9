// What the engine promises a store: no byte that promises something before its record, and a session that
// goes on from whatever was committed last.
#include <random>
#include <set>

#include "process_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

template <typename Kind>
std::size_t count(const Journal& journal) {
  return static_cast<std::size_t>(std::count_if(journal.begin(), journal.end(), [](const Record& record) {
    return std::holds_alternative<Kind>(record);
  }));
}

/// A broker that keeps its session, a process that is killed, a connection that is lost, at random.
class RandomDay {
 public:
  explicit RandomDay(std::uint32_t seed) : random_(seed), process_(std::make_unique<Process>(store_)) {}

  void step() {
    switch (random_() % 8) {
      case 0:
        process_.reset();  // What was not committed and what was not written is gone.
        process_ = std::make_unique<Process>(store_);
        connected_ = false;
        return;
      case 1:
        return lose();
      case 2:
      case 3:
        published_.push_back(std::to_string(published_.size() + 1));
        (*process_)->publish(published_.back(), QoS::exactly_once);
        return process_->commit();  // From here on the message is promised.
      default:
        connect();
        exchange(random_() % 3 != 0);
    }
  }

  /// Lets everything arrive; what the broker has passed on, in order.
  std::vector<std::string> finish() {
    connect();
    while (exchange(true)) {
    }
    return passed_on_;
  }
  [[nodiscard]] const std::vector<std::string>& published() const { return published_; }

 private:
  void lose() {
    if (std::exchange(connected_, false)) (*process_)->lose();
  }
  void connect() {
    if (std::exchange(connected_, true)) return;
    (*process_)->connect(std::exchange(session_, true), Properties().add(PropertyId::receive_maximum, 3));
  }
  // One round trip. When it is not `whole`, the connection is lost somewhere on the way there or back.
  bool exchange(bool whole) {
    auto packets = process_->turn();
    if (!whole) packets.resize(random_() % (packets.size() + 1));
    std::vector<std::string> answers;
    for (const Packet& packet : packets)
      answers.push_back(answer(packet));
    if (!whole) answers.resize(random_() % (answers.size() + 1));
    for (const std::string& bytes : answers)
      (*process_)->receive(bytes);
    if (!whole) lose();
    return !packets.empty();
  }
  std::string answer(const Packet& packet) {
    if (packet.type == PacketType::publish) {
      if (received_.insert(packet.packet_identifier).second) passed_on_.push_back(packet.payload);
      return pubrec(packet);
    }
    received_.erase(packet.packet_identifier);
    return pubcomp(packet);
  }

  std::mt19937 random_;
  std::shared_ptr<store::MemoryStore> store_ = std::make_shared<store::MemoryStore>();
  std::unique_ptr<Process> process_;
  bool connected_ = false;
  bool session_ = false;              // At the broker.
  std::set<std::uint16_t> received_;  // Likewise: identifiers past PUBLISH and before PUBREL.
  std::vector<std::string> passed_on_;
  std::vector<std::string> published_;
};

}  // namespace

TEST_CASE("a PUBLISH, a PUBREL and a PUBREC have their records before their bytes", "[journal]") {
  Process process(std::make_shared<store::MemoryStore>());
  process->connect();
  process->publish("1", QoS::exactly_once);
  CHECK(count<record::Accepted>(process->engine.journal()) == 1);
  CHECK(count<record::Sent>(process->engine.journal()) == 1);
  const auto sent = process.turn();
  process->receive(pubrec(sent.at(0)));
  CHECK(count<record::Released>(process->engine.journal()) == 1);
  process.turn();
  process->receive(support::publish("t", "in", QoS::exactly_once, 5));
  process->received();
  CHECK(count<record::InboundReceived>(process->engine.journal()) == 0);
  process->acknowledge(0);
  CHECK(count<record::InboundReceived>(process->engine.journal()) == 1);
  process.turn();
  process->receive(pubrel(5) + pubcomp(sent.at(0)));
  CHECK(count<record::InboundReleased>(process->engine.journal()) == 1);
  CHECK(count<record::Finished>(process->engine.journal()) == 1);
}

TEST_CASE("a stored QoS 0 message is forgotten before it leaves, and stored again if it did not",
          "[journal]") {
  Options options = hour_long_session();
  options.store = std::make_shared<store::MemoryStore>();
  EngineUnderTest test(options);
  test.connect();
  test.engine.journal().clear();
  auto message = OutboundMessage::make({.topic = "t"});
  message->sequence = 1;
  message->journaled = true;
  message->set_stored();
  test.engine.publish(message, test.now);
  REQUIRE(count<record::Sent>(test.engine.journal()) == 1);
  test.engine.journal().clear();
  const bool left = GENERATE(false, true);
  if (left) test.write();
  test.lose();
  CHECK(count<record::Accepted>(test.engine.journal()) == (left ? 0U : 1U));
  CHECK(message->journaled == !left);
}

TEST_CASE("QoS 0 and a client without a store write no record of a message", "[journal]") {
  EngineUnderTest test;
  test.connect();
  test.engine.journal().clear();
  test.publish("0", QoS::at_most_once);
  test.publish("1", QoS::at_least_once);
  test.receive(puback(only(PacketType::publish, test.write()).at(1)));
  CHECK(test.engine.journal().empty());
}

TEST_CASE("killed at any time, the next process goes on: nothing lost, nothing passed on twice at QoS 2",
          "[journal]") {
  const auto seed = GENERATE(range(1u, 300u));
  CAPTURE(seed);
  RandomDay day(seed);
  for (int step = 0; step < 80; ++step)
    day.step();
  CHECK(day.finish() == day.published());
}
