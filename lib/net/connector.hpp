// Connects to the first of several addresses that answers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "net/address.hpp"
#include "net/byte_stream.hpp"
#include "net/socket_stream.hpp"

namespace holdfast::net {

/// Tries one address after the other; each gets its share of the time that is left, so that one that does not
/// answer keeps the others from none of theirs. Time is a parameter of type `TimePoint`, any std::chrono time
/// point.
template <class TimePoint>
class Connector {
 public:
  /// Needs at least one address.
  Connector(std::vector<Address> addresses, TcpOptions options, TimePoint deadline)
      : addresses_(std::move(addresses)), options_(std::move(options)), deadline_(deadline) {}

  /// Goes on as far as it can without waiting: the connected stream, or none yet, or none at all (see
  /// failed()).
  std::unique_ptr<ByteStream> advance(TimePoint now) {
    for (;;) {
      if (!stream_ && !begin_next(now)) return nullptr;
      const IoResult result = stream_->advance();
      if (result.status == IoStatus::ok) return std::move(stream_);
      if (result.status == IoStatus::would_block && now < give_up_at_) return nullptr;
      const auto error =
          result.status == IoStatus::would_block ? std::make_error_code(std::errc::timed_out) : result.error;
      fail(error, error.message());
    }
  }

  /// All addresses failed; error() and what() tell how.
  [[nodiscard]] bool failed() const noexcept { return !stream_ && next_ == addresses_.size(); }
  /// The last address's error.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// One clause for each address: "127.0.0.1:1883: Connection refused".
  [[nodiscard]] const std::string& what() const noexcept { return what_; }

  [[nodiscard]] int descriptor() const noexcept { return stream_ ? stream_->descriptor() : -1; }
  [[nodiscard]] short poll_events() const noexcept {
    return stream_ ? stream_->poll_events(false, false) : short{0};
  }
  [[nodiscard]] TimePoint deadline() const noexcept { return give_up_at_; }

 private:
  bool begin_next(TimePoint now) {
    while (next_ < addresses_.size()) {
      const auto left = addresses_.size() - next_;
      give_up_at_ = now + (deadline_ - now) / static_cast<typename TimePoint::rep>(left);
      try {
        stream_ = SocketStream::start_connect(addresses_[next_], options_);
        return true;
      } catch (const std::system_error& error) {
        fail(error.code(), error.what());
      }
    }
    return false;
  }

  void fail(std::error_code error, const std::string& why) {
    stream_.reset();
    error_ = error;
    if (!what_.empty()) what_ += ", ";
    what_ += addresses_[next_].text() + ": " + why;
    ++next_;
  }

  const std::vector<Address> addresses_;
  const TcpOptions options_;
  const TimePoint deadline_;
  std::size_t next_ = 0;  // The address being tried, or to be tried next.
  std::unique_ptr<ByteStream> stream_;
  TimePoint give_up_at_{};
  std::error_code error_;
  std::string what_;
};

}  // namespace holdfast::net
