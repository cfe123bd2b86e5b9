// Follows everything published until it has ended, in order.
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <holdfast/delivery.hpp>

namespace holdfast::tools {

class DeliveryLog {
 public:
  /// `acknowledgements`: a file that gets one line for each message that ended well: its number, counted
  /// from 1. Empty: none. Throws std::system_error if it cannot be written, harvest() and wait() too.
  /// `on_end` is told each message that has ended, by its number.
  DeliveryLog(const std::string& acknowledgements,
              std::function<void(std::uint64_t, const DeliveryResult&)> on_end);

  void add(Delivery delivery) { waiting_.push_back(std::move(delivery)); }
  /// Looks at the oldest, as long as they have ended.
  void harvest();
  /// The same, waiting for the oldest at most `patience`.
  void wait(std::chrono::milliseconds patience);

  [[nodiscard]] bool all_ended() const noexcept { return waiting_.empty(); }
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }
  /// Of QoS 1 and 2, those that ended well.
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  /// Of those that ended well: the broker had nobody to pass them on to.
  [[nodiscard]] std::uint64_t without_subscribers() const noexcept { return without_subscribers_; }
  /// How the first one that failed did.
  [[nodiscard]] const std::optional<DeliveryResult>& first_failure() const noexcept { return first_failure_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  /// Else throws, with the reason in errno.
  void require(bool written) const;

  std::string file_name_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::function<void(std::uint64_t, const DeliveryResult&)> on_end_;
  std::deque<Delivery> waiting_;
  std::uint64_t ended_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t without_subscribers_ = 0;
  std::optional<DeliveryResult> first_failure_;
};

}  // namespace holdfast::tools
