// Messages handed over from the application's threads to the network thread.
#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/micro/samples.hpp"
#include "client/request_queue.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::micro;
using namespace std::chrono_literals;

void push(client::RequestQueue& queue, session::OutboundMessagePtr message) {
  std::optional<session::LimitViolation> violation;
  if (queue.push(std::move(message), {60s}, violation) != client::RequestQueue::Push::accepted)
    throw std::runtime_error("the queue took no message");
}

/// Takes what comes, and lets it end at once.
class NetworkThread {
 public:
  explicit NetworkThread(client::RequestQueue& queue) : thread_([this, &queue] { run(queue); }) {}
  ~NetworkThread() {
    ending_ = true;
    thread_.join();
  }
  NetworkThread(const NetworkThread&) = delete;
  NetworkThread& operator=(const NetworkThread&) = delete;

 private:
  void run(client::RequestQueue& queue) {
    std::vector<session::OutboundMessagePtr> messages;
    std::vector<client::Command> commands;
    while (!ending_) {
      queue.take_all(messages, commands);
      if (messages.empty()) {
        queue.settle();
        std::this_thread::yield();
      }
      queue.release(messages);
      messages.clear();
    }
  }

  std::atomic<bool> ending_{false};
  std::thread thread_;
};

struct Queue {
  const Options options{.outbox_messages_max = 1000};
  client::BlockedCalls blocked{std::make_shared<client::Doorbell>()};
  client::RequestQueue queue{options, blocked};
};

// A thousand may be unfinished, then the publisher waits.
void hand_over_to_another_thread(benchmark::State& state) {
  static std::unique_ptr<Queue> shared;
  static std::unique_ptr<NetworkThread> network;
  if (state.thread_index() == 0) {
    shared = std::make_unique<Queue>();
    network = std::make_unique<NetworkThread>(shared->queue);
  }
  const auto one = message();
  for (auto _ : state)
    push(shared->queue, session::OutboundMessage::make({.topic = topic, .payload = one->payload()}));
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    network.reset();
    shared.reset();
  }
}
BENCHMARK(hand_over_to_another_thread)->UseRealTime()->Threads(1)->Threads(8);

// What it costs without anybody else: lock, count, swap.
void hand_over_in_one_thread(benchmark::State& state) {
  constexpr std::size_t batch = 256;
  Queue queue;
  std::vector<session::OutboundMessagePtr> messages;
  std::vector<client::Command> commands;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i)
      push(queue.queue, message());
    queue.queue.take_all(messages, commands);
    queue.queue.release(messages);
    messages.clear();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(hand_over_in_one_thread);

}  // namespace
