// Subscriptions: requests, answers, and asking again. [MQTT 5, 3.8 to 3.11]
#include <utility>

#include "session/engine.hpp"
#include "session/limits.hpp"
#include "session/protocol_limits.hpp"
#include "wire/encoder.hpp"

namespace holdfast::session {

namespace {

constexpr wire::DecodeError answer_for_nobody{ReasonCode::protocol_error,
                                              "a SUBACK or UNSUBACK came for no request [MQTT 5, 3.9, 3.11]"};

void encode_request(const SubscriptionRequest& request, wire::Version version,
                    std::uint16_t packet_identifier, wire::PropertiesView properties,
                    std::vector<std::byte>& out) {
  if (request.kind == SubscriptionRequest::Kind::unsubscribe) {
    wire::Unsubscribe unsubscribe{packet_identifier, properties, {}};
    for (const TopicFilter& subscription : request.subscriptions)
      unsubscribe.filters.push_back(subscription.filter);
    return wire::encode(unsubscribe, version, out);
  }
  wire::Subscribe subscribe{packet_identifier, properties, {}};
  for (const auto& [filter, options] : request.subscriptions) {
    subscribe.subscriptions.push_back(
        {filter, options.qos, options.no_local, options.retain_as_published, options.retain_handling});
  }
  wire::encode(subscribe, version, out);
}

}  // namespace

void Engine::request(SubscriptionRequest request, TimePoint now) {
  subscriptions_.add(std::move(request));
  if (phase_ == Phase::connected) send_requests(now);
}

void Engine::send_requests(TimePoint now) {
  while (in_flight_.has_room()) {
    Subscriptions::Pending* pending = subscriptions_.next_unsent();
    if (pending == nullptr) return;
    if (auto refusal = refuse_request(pending->request)) {
      if (pending->request.ticket == 0 && pending->request.subscriptions.size() > 1) {
        subscriptions_.halve(*pending);  // One filter that is not to be had must not cost the others.
        continue;
      }
      refusal->request = subscriptions_.abandon(*pending);
      answer(std::move(*refusal));
    } else {
      send_request(*pending, now);
    }
  }
}

std::optional<SubscriptionAnswer> Engine::refuse_request(const SubscriptionRequest& request) const {
  if (limits_.protocol == Protocol::mqtt_3_1_1) {
    if (auto what = not_in_3_1_1(request)) return SubscriptionAnswer{{}, {}, Errc::not_in_protocol, *what};
  }
  if (request.kind == SubscriptionRequest::Kind::unsubscribe) return std::nullopt;
  for (const TopicFilter& subscription : request.subscriptions) {
    const bool with_identifier =
        request.properties.subscription_identifier.has_value() && !request.identifier_optional;
    if (auto violation = check_limits(limits_, subscription.filter, with_identifier)) {
      return SubscriptionAnswer{{}, {}, violation->code, std::move(violation->what)};
    }
  }
  return std::nullopt;
}

void Engine::send_request(Subscriptions::Pending& pending, TimePoint now) {
  const SubscriptionRequest& request = pending.request;
  const bool subscribe = request.kind == SubscriptionRequest::Kind::subscribe;
  std::vector<std::byte> bytes;
  wire::PropertyWriter properties(bytes);
  pending.identified = limits_.subscription_identifiers_available || !request.identifier_optional;
  if (subscribe && pending.identified && request.properties.subscription_identifier) {
    properties.number(wire::PropertyId::subscription_identifier, *request.properties.subscription_identifier);
  }
  for (const auto& [name, value] : request.properties.user_properties)
    properties.user_property(name, value);

  const InFlight::Index index = in_flight_.add(subscribe ? Stage::suback : Stage::unsuback, {});
  pending.packet_identifier = in_flight_[index].packet_identifier;
  const std::size_t before = output_.scratch().size();
  encode_request(request, version_, pending.packet_identifier, wire::PropertiesView(bytes),
                 output_.scratch());
  if (limits_.maximum_packet_size && output_.scratch().size() - before > *limits_.maximum_packet_size) {
    output_.scratch().resize(before);
    in_flight_.remove(index);
    pending.packet_identifier = 0;
    if (request.ticket == 0 && request.subscriptions.size() > 1) return subscriptions_.halve(pending);
    return answer({subscriptions_.abandon(pending),
                   {},
                   Errc::packet_too_large,
                   "the request is above the broker's Maximum Packet Size: name fewer filters at once"});
  }
  last_sent_ = now;
}

void Engine::on_suback(const wire::Suback& suback, Stage expected) {
  const InFlight::Index index = in_flight_.find(suback.packet_identifier);
  if (index == InFlight::none || in_flight_[index].stage != expected) {
    tolerate(counters_.unexpected_acknowledgements, answer_for_nobody);
    return;
  }
  const SubscriptionRequest* request = subscriptions_.find(suback.packet_identifier);
  std::vector<ReasonCode> codes;
  codes.reserve(request->subscriptions.size());
  for (const std::byte code : suback.reason_codes)
    codes.push_back(static_cast<ReasonCode>(code));
  if (version_ == wire::Version::mqtt_3_1_1 && suback.type == wire::PacketType::unsuback)
    codes.assign(request->subscriptions.size(),
                 ReasonCode::success);  // It says no more than that it is done.
  if (request->subscriptions.size() != codes.size()) {
    return fail(ReasonCode::protocol_error,
                "an answer came with another number of reason codes [MQTT-3.8.4-6]");
  }
  in_flight_.remove(index);
  SubscriptionRequest finished = subscriptions_.finish(suback.packet_identifier, codes, journal_);
  const auto words = suback.properties.string(wire::PropertyId::reason_string).value_or("");
  answer({std::move(finished), std::move(codes), std::nullopt, {}, std::string(words)});
}

void Engine::answer(SubscriptionAnswer&& answer) {
  answers_.push_back(std::move(answer));
}

}  // namespace holdfast::session
