// Connects to the first of several addresses that answers. [RFC 8305, 4 and 5]
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/address.hpp"
#include "net/byte_stream.hpp"
#include "net/socket_stream.hpp"

namespace holdfast::net {

/// The addresses with their families taking turns, beginning with the first one's: if one family leads
/// nowhere, the second address tried tells.
[[nodiscard]] inline std::vector<Address> interleaved(const std::vector<Address>& addresses) {
  const auto of_first = [&](const Address& address) {
    return address.family() == addresses.front().family();
  };
  auto sorted = addresses;
  const auto middle = std::stable_partition(sorted.begin(), sorted.end(), of_first);
  std::vector<Address> mixed;
  mixed.reserve(sorted.size());
  for (auto one = sorted.begin(), other = middle; one != middle || other != sorted.end();) {
    if (one != middle) mixed.push_back(*one++);
    if (other != sorted.end()) mixed.push_back(*other++);
  }
  return mixed;
}

/// Races the addresses: each gets a short time alone, or none if it fails, before the next one begins too.
/// The first to connect wins, and the others are closed. Time is a parameter of type `TimePoint`, any
/// std::chrono time point.
template <class TimePoint>
class Connector {
 public:
  /// Needs at least one address.
  Connector(const std::vector<Address>& addresses, TcpOptions options, TimePoint deadline)
      : addresses_(interleaved(addresses)), options_(std::move(options)), deadline_(deadline) {}

  /// Goes on as far as it can without waiting: the connected stream, or none yet, or none at all (see
  /// failed()).
  std::unique_ptr<ByteStream> advance(TimePoint now) {
    do {
      if (auto winner = advance_racers(now)) return winner;
      if (now >= deadline_) time_out();
    } while (begin_next(now));
    return nullptr;
  }

  /// All addresses failed; error() and what() tell how.
  [[nodiscard]] bool failed() const noexcept { return racers_.empty() && next_ == addresses_.size(); }
  /// Of the address that failed last.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// One clause for each address that failed: "127.0.0.1:1883: Connection refused".
  [[nodiscard]] const std::string& what() const noexcept { return what_; }

  /// Adds what to poll.
  void add_to(std::vector<pollfd>& polled) const {
    for (const Racer& racer : racers_)
      polled.push_back({racer.stream->descriptor(), racer.stream->poll_events(false, false), 0});
  }
  [[nodiscard]] TimePoint deadline() const noexcept {
    return next_ == addresses_.size() ? deadline_ : std::min(next_begins_at_, deadline_);
  }

 private:
  struct Racer {
    std::size_t address;
    std::unique_ptr<ByteStream> stream;
  };

  // What RFC 8305 calls the Connection Attempt Delay.
  static constexpr std::chrono::milliseconds time_alone{250};
  // A name may have thousands of addresses; sockets are few.
  static constexpr std::size_t racers_max = 16;

  std::unique_ptr<ByteStream> advance_racers(TimePoint now) {
    for (auto racer = racers_.begin(); racer != racers_.end();) {
      const IoResult result = racer->stream->advance();
      if (result.status == IoStatus::would_block) {
        ++racer;
        continue;
      }
      if (result.status == IoStatus::ok) {
        auto winner = std::move(racer->stream);
        racers_.clear();
        return winner;
      }
      fail(racer->address, result.error, result.error.message());
      racer = racers_.erase(racer);
      next_begins_at_ = now;
    }
    return nullptr;
  }

  // Whether one was due.
  bool begin_next(TimePoint now) {
    if (next_ == addresses_.size() || now < next_begins_at_) return false;
    if (racers_.size() == racers_max) {
      fail_by_time(racers_.front().address);
      racers_.erase(racers_.begin());
    }
    // With many addresses and little time each still gets its turn.
    const auto share = (deadline_ - now) / static_cast<typename TimePoint::rep>(addresses_.size() - next_);
    const std::size_t address = next_++;
    try {
      racers_.push_back({address, SocketStream::start_connect(addresses_[address], options_)});
      next_begins_at_ = now + std::min<typename TimePoint::duration>(time_alone, share);
    } catch (const std::system_error& error) {
      fail(address, error.code(), error.what());
    }
    return true;
  }

  void time_out() {
    for (const Racer& racer : racers_)
      fail_by_time(racer.address);
    racers_.clear();
    while (next_ != addresses_.size())
      fail_by_time(next_++);
  }

  void fail_by_time(std::size_t address) {
    const auto error = std::make_error_code(std::errc::timed_out);
    fail(address, error, error.message());
  }

  void fail(std::size_t address, std::error_code error, const std::string& why) {
    error_ = error;
    if (!what_.empty()) what_ += ", ";
    what_ += addresses_[address].text() + ": " + why;
  }

  const std::vector<Address> addresses_;
  const TcpOptions options_;
  const TimePoint deadline_;
  std::size_t next_ = 0;  // The address to begin with next.
  TimePoint next_begins_at_ = TimePoint::min();
  std::vector<Racer> racers_;
  std::error_code error_;
  std::string what_;
};

}  // namespace holdfast::net
