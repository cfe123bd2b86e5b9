#include "client/requests.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/topic.hpp>

#include "client/send_command.hpp"
#include "wire/property.hpp"

namespace holdfast::client {

namespace {

std::string bytes_of(std::uint64_t number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

std::string random_nonce() {
  std::random_device random;
  return bytes_of(std::uint64_t{random()} << 32 | random());
}

std::optional<std::string_view> correlation_data_of(wire::PropertiesView properties) {
  const auto bytes = properties.binary(wire::PropertyId::correlation_data);
  if (!bytes) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::string topic_for(std::string_view response_information, std::string_view client_id) {
  std::string topic(response_information);
  if (!topic.empty()) topic += topic.back() == '/' ? "response" : "/response";
  if (is_valid_topic_name(topic)) return topic;
  topic = "holdfast/response/" + std::string(client_id);
  std::replace_if(
      topic.begin(), topic.end(), [](char c) { return c == '+' || c == '#'; }, '_');
  return topic;
}

[[noreturn]] void throw_about(Failure failure, const std::string& subject) {
  failure.what.insert(0, subject);
  throw_failure(failure);
}

}  // namespace

Requests::Requests(std::string topic) : nonce_(random_nonce()), topic_(std::move(topic)) {}

Requests::Call::Call(Requests& requests) : requests_(requests) {
  const std::lock_guard lock(requests_.mutex_);
  number_ = ++requests_.last_number_;
  requests_.calls_.emplace(number_, this);
  if (requests_.ended_) fail(*requests_.ended_);
}

Requests::Call::~Call() {
  const std::lock_guard lock(requests_.mutex_);
  requests_.calls_.erase(number_);
}

std::string Requests::Call::correlation_data() const {
  return requests_.nonce_ + bytes_of(number_);
}

void Requests::Call::fail(const Failure& failure) {
  failure_ = failure;
  hopeless_.store(true, std::memory_order_relaxed);
  changed_.notify_all();
}

std::string Requests::topic(Deadline deadline, const std::string& subject) {
  std::unique_lock lock(mutex_);
  topic_changed_.wait_until(lock, deadline, [this] { return !topic_.empty() || ended_; });
  require_not_ended(subject);
  return topic_;
}

bool Requests::begin_subscribing(Deadline deadline, const std::string& subject) {
  std::unique_lock lock(mutex_);
  topic_changed_.wait_until(lock, deadline, [this] { return subscribed_ != Subscribed::asking || ended_; });
  require_not_ended(subject);
  if (subscribed_ != Subscribed::no) return false;
  subscribed_ = Subscribed::asking;
  listen();
  return true;
}

void Requests::end_subscribing() {
  const std::lock_guard lock(mutex_);
  if (subscribed_ == Subscribed::asking) subscribed_ = Subscribed::no;
  topic_changed_.notify_all();
}

std::optional<Message> Requests::wait(Call& call, Deadline deadline, const std::string& subject) {
  std::unique_lock lock(mutex_);
  call.changed_.wait_until(lock, deadline,
                           [&] { return call.response_ || call.publish_failed_ || call.failure_ || ended_; });
  if (call.response_) return Message(call.response_.release(), nullptr);
  throw_if_hopeless(call, subject);
  return std::nullopt;
}

void Requests::require_hope(const Call& call, const std::string& subject) const {
  const std::lock_guard lock(mutex_);
  throw_if_hopeless(call, subject);
}

void Requests::throw_if_hopeless(const Call& call, const std::string& subject) const {
  if (call.failure_) throw_about(*call.failure_, subject);
  require_not_ended(subject);
}

void Requests::require_not_ended(const std::string& subject) const {
  if (ended_) throw_about(*ended_, subject);
}

Requests::Totals Requests::totals() const {
  const std::lock_guard lock(mutex_);
  return {calls_.size(), answered_, ignored_};
}

std::string Requests::set_topic(std::string_view response_information, std::string_view client_id) {
  const std::lock_guard lock(mutex_);
  if (topic_.empty()) topic_ = topic_for(response_information, client_id);
  topic_changed_.notify_all();
  return topic_;
}

void Requests::take_responses(std::vector<session::InboundMessage::Ptr>& received, Inbox& acknowledgements) {
  const std::lock_guard lock(mutex_);
  std::erase_if(received, [&](session::InboundMessage::Ptr& message) {
    if (message->topic() != topic_) return false;
    if (message->qos() != QoS::at_most_once) acknowledgements.acknowledge(message->token());
    Call* call = find(correlation_data_of(message->properties()));
    if (call == nullptr || call->response_) {
      ++ignored_;
      return true;
    }
    ++answered_;
    call->response_ = std::move(message);
    call->changed_.notify_all();
    return true;
  });
}

void Requests::on_finished(const std::vector<session::OutboundMessagePtr>& finished) {
  const std::lock_guard lock(mutex_);
  if (calls_.empty()) return;
  for (const auto& message : finished) {
    if (!message->failure) continue;
    Call* call = find(correlation_data_of(message->properties()));
    if (call == nullptr) continue;
    call->publish_failed_ = true;
    call->changed_.notify_all();
  }
}

void Requests::on_answer(const session::SubscriptionAnswer& answer) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < answer.codes.size(); ++i) {
    if (is_error(answer.codes[i]) || answer.request.subscriptions[i].filter != topic_) continue;
    if (answer.request.kind == session::SubscriptionRequest::Kind::unsubscribe) {
      subscribed_ = Subscribed::no;
    } else if (subscribed_ == Subscribed::asking) {
      subscribed_ = Subscribed::yes;
    }
  }
}

void Requests::on_subscription_failed(std::string_view filter, ReasonCode code) {
  const std::lock_guard lock(mutex_);
  if (filter != topic_) return;
  subscribed_ = Subscribed::no;
  fail_all({make_error_code(Errc::request_refused),
            "the broker refuses the response topic \"" + topic_ + "\" now",
            code,
            {}});
}

void Requests::on_subscription_lost() {
  const std::lock_guard lock(mutex_);
  subscribed_ = Subscribed::no;
  fail_all({make_error_code(Errc::session_lost),
            "the broker lost the session, and with it the subscription to the response topic",
            {},
            {}});
}

void Requests::interrupt(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  ended_ = failure;
  fail_all(failure);
  topic_changed_.notify_all();
}

void Requests::resume() {
  const std::lock_guard lock(mutex_);
  if (!closed_) ended_.reset();
}

void Requests::close(const Failure& failure) {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  interrupt(failure);
}

Requests::Call* Requests::find(std::optional<std::string_view> correlation_data) const {
  std::uint64_t number = 0;
  if (!correlation_data || correlation_data->size() != nonce_.size() + sizeof number) return nullptr;
  if (correlation_data->substr(0, nonce_.size()) != nonce_) return nullptr;
  std::memcpy(&number, correlation_data->data() + nonce_.size(), sizeof number);
  const auto found = calls_.find(number);
  return found == calls_.end() ? nullptr : found->second;
}

void Requests::fail_all(const Failure& failure) {
  for (const auto& [number, call] : calls_)
    call->fail(failure);
}

}  // namespace holdfast::client
