// The calls of Client::request() that wait for their responses, and the topic to which these come.
// [MQTT 5, 4.10]
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <holdfast/message.hpp>

#include "client/inbox.hpp"
#include "client/status.hpp"
#include "session/engine.hpp"
#include "session/inbound_message.hpp"
#include "session/outbound_message.hpp"

namespace holdfast::client {

class Requests {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  struct Totals {
    std::size_t waiting = 0;
    std::uint64_t answered = 0;
    std::uint64_t ignored = 0;
  };

  /// `topic`: the application's; empty if the first CONNACK is to say.
  explicit Requests(std::string topic);

  // ---- Any thread ----

  /// One request, for as long as it lives.
  class Call {
   public:
    explicit Call(Requests& requests);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    [[nodiscard]] std::string correlation_data() const;
    /// Set once no response can come: the request need not be sent.
    [[nodiscard]] const std::atomic<bool>& is_hopeless() const noexcept { return hopeless_; }

   private:
    friend class Requests;
    void fail(const Failure& failure);

    Requests& requests_;
    std::uint64_t number_ = 0;
    std::atomic<bool> hopeless_{false};
    // Guarded by requests_.mutex_.
    std::condition_variable changed_;
    session::InboundMessage::Ptr response_;
    bool publish_failed_ = false;
    std::optional<Failure> failure_;
  };

  /// The topic for responses, waiting for a first connection if need be; empty if none came. Throws Error if
  /// none can come.
  [[nodiscard]] std::string topic(Deadline deadline, const std::string& subject);
  /// Whether the caller is to subscribe to the topic, and then to call end_subscribing(). Else it is
  /// subscribed to, perhaps after waiting for another thread to do it; or `deadline` passed. Throws as
  /// topic().
  [[nodiscard]] bool begin_subscribing(Deadline deadline, const std::string& subject);
  /// The call has returned; what it brought about on_answer() knows.
  void end_subscribing();
  /// The response, waiting until `deadline`. Throws Error if none can come. Empty as well when the Delivery
  /// of the request has failed, and says why.
  [[nodiscard]] std::optional<Message> wait(Call& call, Deadline deadline, const std::string& subject);
  /// Throws Error if no response can come.
  void require_hope(const Call& call, const std::string& subject) const;
  [[nodiscard]] Totals totals() const;

  // ---- Network thread ----

  /// After each CONNACK, of which the first counts. Returns the topic in force.
  std::string set_topic(std::string_view response_information, std::string_view client_id);
  /// Responses may come from now on.
  void listen() { listening_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool listening() const noexcept { return listening_.load(std::memory_order_relaxed); }
  /// Takes the responses out of `received`, and acknowledges them.
  void take_responses(std::vector<session::InboundMessage::Ptr>& received, Inbox& acknowledgements);
  /// Messages that have ended, a request perhaps among them.
  void on_finished(const std::vector<session::OutboundMessagePtr>& finished);
  /// The answer to a SUBSCRIBE or UNSUBSCRIBE, of whomever.
  void on_answer(const session::SubscriptionAnswer& answer);
  void on_subscription_failed(std::string_view filter, ReasonCode code);
  /// The session was lost, and is not subscribed again.
  void on_subscription_lost();
  /// Nothing will come: whoever waits is told so, and whoever asks until resume().
  void interrupt(const Failure& failure);
  /// Any thread. A connection is being made again.
  void resume();
  /// The client is ending: as interrupt(), for good.
  void close(const Failure& failure);

 private:
  enum class Subscribed : std::uint8_t { no, asking, yes };

  [[nodiscard]] Call* find(std::optional<std::string_view> correlation_data) const;
  void fail_all(const Failure& failure);
  void throw_if_hopeless(const Call& call, const std::string& subject) const;
  void require_not_ended(const std::string& subject) const;

  const std::string nonce_;  // Marks the Correlation Data of this client.
  std::atomic<bool> listening_{false};
  mutable std::mutex mutex_;  // Guards all below.
  std::condition_variable topic_changed_;
  std::string topic_;
  Subscribed subscribed_ = Subscribed::no;
  std::optional<Failure> ended_;  // Why there is no connection, nor any to come.
  bool closed_ = false;
  std::unordered_map<std::uint64_t, Call*> calls_;
  std::uint64_t last_number_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t ignored_ = 0;
};

}  // namespace holdfast::client
