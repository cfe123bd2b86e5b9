// The engine as the network thread runs it, with an outbox and a store in memory, without threads, sockets
// and clock. Every turn is checked: no message is lost or ends twice, no deadline is overdue, nothing is left
// undone that could be done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <holdfast/options.hpp>

#include "fuzz/engine_watch.hpp"
#include "session/engine.hpp"
#include "session/outbox.hpp"
#include "store/memory_store.hpp"

namespace holdfast::fuzz {

class EngineProcess {
 public:
  explicit EngineProcess(Options options);
  /// Ends the process: what is unfinished must be told, or be in the store.
  void end();

  // ---- What happens to it ----

  void pass(std::chrono::nanoseconds time);
  void pass_to_deadline();
  void connect();
  void lose(session::End end);
  /// Bytes from the broker, packet by packet, or all of them at once.
  void receive(std::span<const std::byte> bytes, bool at_once);
  void write(std::size_t bytes);
  void publish(std::string_view topic, std::size_t payload_size, QoS qos, bool retain,
               session::TimePoint expires_at);
  void request(session::SubscriptionRequest request);
  void acknowledge(std::size_t which);
  void answer(std::size_t which, ReasonCode reason, const AcknowledgementProperties& properties);
  void disconnect(const DisconnectOptions& options);
  void set_reading(bool reading);
  void drop_newest();
  /// The process is killed and the next one begins with what the store has; without a store it begins anew.
  void crash();
  void settle();

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  [[nodiscard]] std::vector<Unanswered>& unanswered() noexcept { return watch_.unanswered(); }
  [[nodiscard]] bool accepted() const noexcept { return watch_.accepted(); }
  [[nodiscard]] session::TimePoint now() const noexcept { return now_; }

 private:
  struct Message {
    bool stored = false;  // Its acceptance was committed.
    bool ended = false;
  };

  void begin();
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range);
  void receive_packet(std::span<const std::byte> bytes);
  void receive_all(std::span<const std::byte> bytes);
  void after_input();
  void feed();
  void commit();
  void take_outputs();
  void on_connack();
  void check();

  const Options options_;
  const std::shared_ptr<store::MemoryStore> store_;
  session::TimePoint now_{std::chrono::hours(1'000)};
  EngineWatch watch_;
  std::unique_ptr<session::Engine> engine_;
  std::unique_ptr<session::Outbox> outbox_;
  session::Journal uncommitted_;
  std::map<std::uint32_t, Message> messages_;
  std::uint32_t last_number_ = 0;
  std::vector<session::InboundToken> tokens_;
  wire::FrameDecoder decoder_;
  bool connected_ = false;
  bool up_ = false;
  std::uint32_t processes_ = 0;
};

}  // namespace holdfast::fuzz
