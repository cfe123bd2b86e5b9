// The engine as the network thread runs it, with an outbox and a store in memory, without threads, sockets
// and clock. Every turn is checked: no message is lost or ends twice, no deadline is overdue, nothing is left
// undone that could be done.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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
  /// To the first server, 0, or the second one.
  void connect(std::size_t server);
  void lose(session::End end);
  enum class Pieces : std::uint8_t { packets, all, bytes };
  /// Bytes from the broker.
  void receive(std::span<const std::byte> bytes, Pieces how);
  void write(std::size_t bytes);
  void publish(std::string_view topic, std::size_t payload_size, QoS qos, bool retain,
               session::TimePoint expires_at);
  void request(session::SubscriptionRequest request);
  void acknowledge(std::size_t which);
  void answer(std::size_t which, ReasonCode reason, const AcknowledgementProperties& properties);
  void disconnect(const DisconnectOptions& options);
  void set_reading(bool reading);
  void reauthenticate();
  void drop_newest();
  /// The process is killed and the next one begins with what the store has; nothing without a store.
  void crash();
  void settle();

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const Greeting& greeting() const noexcept { return watch_.greeting(); }
  [[nodiscard]] std::vector<Unanswered>& unanswered() noexcept { return watch_.unanswered(); }
  [[nodiscard]] session::TimePoint now() const noexcept { return now_; }

 private:
  struct Message {
    bool stored = false;    // Its acceptance was committed.
    bool sent = false;      // Its packet identifier was.
    bool released = false;  // Its PUBREC was.
    bool qos0 = false;
    bool ended = false;
  };

  struct Received {
    session::InboundToken token;
    bool acknowledged = false;
  };

  [[nodiscard]] std::uint32_t last_number() const noexcept {
    return static_cast<std::uint32_t>(messages_.size() - 1);
  }
  void begin();
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range);
  void receive_packets(std::span<const std::byte> bytes, bool one_by_one);
  void receive_all(std::span<const std::byte> bytes);
  void receive_piece(std::span<const std::byte> piece);
  void expect_version(const wire::Frame& frame);
  void after_input();
  void feed();
  void commit();
  [[nodiscard]] session::InboundToken choose_received(std::size_t which);
  void note(session::Record& record);
  void take_outputs();
  void take_answers();
  void on_connack();
  void check();
  void check_records();
  void check_window();

  const Options options_;
  const std::shared_ptr<store::MemoryStore> store_;
  // Never sent: to ask whether they could be. By their QoS.
  const std::array<session::OutboundMessagePtr, 3> probes_;
  session::TimePoint now_{std::chrono::hours(1'000)};
  EngineWatch watch_;
  std::unique_ptr<session::Engine> engine_;
  std::unique_ptr<session::Outbox> outbox_;
  std::vector<session::OutboundMessagePtr> accepted_;  // Not yet seen by the network thread.
  session::Journal uncommitted_;
  std::vector<Message> messages_;  // By number; the first is none.
  std::vector<Received> received_;
  wire::FrameDecoder decoder_;
  bool connected_ = false;
  bool up_ = false;
  bool reading_ = true;
  bool between_packets_ = true;    // All of the last packet from the broker was given.
  bool reauthenticating_ = false;  // What becomes of it was not told yet.
  std::size_t server_ = 0;
  // What each server should be greeted with; unknown after a crash.
  std::array<std::optional<wire::Version>, 2> versions_;
  std::vector<bool> answered_;  // Requests, by ticket; the first is none.
  std::uint32_t processes_ = 0;
};

}  // namespace holdfast::fuzz
