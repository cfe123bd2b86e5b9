#include "delivery_log.hpp"

#include <cerrno>
#include <cinttypes>
#include <system_error>
#include <utility>

namespace holdfast::tools {

DeliveryLog::DeliveryLog(const std::string& acknowledgements,
                         std::function<void(std::uint64_t, const DeliveryResult&)> on_end)
    : on_end_(std::move(on_end)) {
  if (acknowledgements.empty()) return;
  file_.reset(std::fopen(acknowledgements.c_str(), "w"));
  if (!file_) throw std::system_error(errno, std::generic_category(), "--ack-log " + acknowledgements);
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
    if (file_) std::fprintf(file_.get(), "%" PRIu64 "\n", ended_);
  }
  if (file_ && ended_ != before) std::fflush(file_.get());
}

void DeliveryLog::wait(std::chrono::milliseconds patience) {
  if (!waiting_.empty()) waiting_.front().wait_for(patience);
  harvest();
}

}  // namespace holdfast::tools
