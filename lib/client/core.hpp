// The client behind the facade: checks arguments, talks to the network thread, waits for its answers.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include <holdfast/delivery.hpp>
#include <holdfast/message.hpp>
#include <holdfast/options.hpp>
#include <holdfast/publish_options.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/request_options.hpp>
#include <holdfast/subscription.hpp>

#include "client/network_thread.hpp"
#include "client/shared.hpp"

namespace holdfast::client {

class Core {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit Core(Options options);
  /// Ends the network thread, or leaves it to end by itself when it takes longer than close_timeout. Does
  /// nothing in a process that was forked from the client's own: there is no such thread, and connection and
  /// store are the other's.
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void connect(std::optional<Milliseconds> timeout);
  bool disconnect(const DisconnectOptions& options);
  void reauthenticate(Milliseconds timeout);
  /// Null if there was no room within the patience, or it was given up.
  std::optional<Delivery> publish(std::string_view topic, std::span<const std::byte> payload,
                                  const PublishOptions& options, RequestQueue::Patience patience);
  /// The same, without starting the network thread.
  std::optional<Delivery> accept(std::string_view topic, std::span<const std::byte> payload,
                                 const PublishOptions& options, RequestQueue::Patience patience);
  bool flush(Milliseconds timeout);
  std::vector<ReasonCode> subscribe(std::span<const TopicFilter> subscriptions,
                                    const SubscribeProperties& properties);
  Subscription subscribe(std::span<const TopicFilter> subscriptions, const SubscriptionQueue& queue,
                         const SubscribeProperties& properties);
  std::vector<ReasonCode> unsubscribe(std::span<const std::string> filters,
                                      const SubscribeProperties& properties);

  /// core_request.cpp.
  Message request(std::string_view topic, std::span<const std::byte> payload, Milliseconds timeout,
                  const RequestOptions& options);

  [[nodiscard]] Shared& shared() noexcept { return *shared_; }

 private:
  void start_thread();
  void leave_to_parent();
  [[nodiscard]] std::string listen_for_responses(std::chrono::steady_clock::time_point deadline,
                                                 const std::string& subject);

  // Constant after construction; what it points to does its own locking.
  const std::shared_ptr<Shared> shared_;
  const pid_t process_;
  // Guarded by mutex_: whoever calls first starts the thread.
  std::mutex mutex_;
  std::shared_ptr<NetworkThread> network_;
  std::thread thread_;
  std::atomic<bool> started_{false};  // Written under mutex_.
};

}  // namespace holdfast::client
