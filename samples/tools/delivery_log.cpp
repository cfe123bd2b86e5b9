#include "delivery_log.hpp"

#include <cerrno>
#include <cinttypes>
#include <system_error>
#include <utility>

namespace holdfast::tools {

DeliveryLog::DeliveryLog(const std::string& acknowledgements,
                         std::function<void(std::uint64_t, const DeliveryResult&)> on_end)
    : file_name_(acknowledgements), on_end_(std::move(on_end)) {
  if (file_name_.empty()) return;
  file_.reset(std::fopen(file_name_.c_str(), "we"));
  require(file_ != nullptr);
}

void DeliveryLog::harvest() {
  const std::uint64_t before = ended_;
  while (!waiting_.empty() && waiting_.front().done()) {
    const DeliveryResult result = waiting_.front().result();
    waiting_.pop_front();
    ++ended_;
    if (on_end_) on_end_(ended_, result);
    if (!result) {
      ++failed_;
      if (!first_failure_) first_failure_ = result;
      continue;
    }
    if (result.qos != QoS::at_most_once) ++acknowledged_;
    if (result.reason_code == ReasonCode::no_matching_subscribers) ++without_subscribers_;
    if (file_) require(std::fprintf(file_.get(), "%" PRIu64 "\n", ended_) > 0);
  }
  if (file_ && ended_ != before) require(std::fflush(file_.get()) == 0);
}

void DeliveryLog::require(bool written) const {
  if (!written) throw std::system_error(errno, std::generic_category(), "--ack-log " + file_name_);
}

void DeliveryLog::wait(std::chrono::milliseconds patience) {
  if (!waiting_.empty()) waiting_.front().wait_for(patience);
  harvest();
}

}  // namespace holdfast::tools
