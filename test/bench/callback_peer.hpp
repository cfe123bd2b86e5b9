// A library that tells by callbacks, on a thread of its own, what has happened.
#pragma once

#include <string>
#include <thread>

#include "bench/peer.hpp"
#include "bench/progress.hpp"

namespace holdfast::bench {

class CallbackPeer : public Peer {
 public:
  void publish(std::uint32_t messages) override {
    for (std::uint32_t i = 0; i < messages; ++i)
      publish_one();
  }
  void finish() override { published_.wait_for_all(); }
  void round_trip() override {
    publish_one();
    finish();
  }
  void publish_at(std::span<TimePoint> due, std::span<TimePoint> ended) override {
    finish();
    published_.record(ended);
    for (TimePoint& time : due) {
      sleep_until(time);
      time = std::chrono::steady_clock::now();
      publish_one();
    }
    finish();
  }
  void receive(std::uint32_t messages) override { received_.wait_for(to_receive_ += messages); }
  void await_connection() override { connected_.wait_for(2); }

 protected:
  CallbackPeer(const Job& job, const std::string& library)
      : job_(job), connected_(library), published_(library, job.outstanding), received_(library) {}

  /// Hands one message to the library, which then calls published_.finish_one().
  virtual void send_one() = 0;

  const Job job_;
  const std::string payload_ = std::string(job_.payload_size, 'x');
  Progress connected_;
  Progress published_;
  Progress received_;

 private:
  std::uint32_t to_receive_ = 0;

  void publish_one() {
    published_.begin_one();
    send_one();
  }
};

}  // namespace holdfast::bench
