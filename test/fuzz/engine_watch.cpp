#include "fuzz/engine_watch.hpp"

#include <algorithm>
#include <utility>

#include "fuzz/fuzz_input.hpp"
#include "session/engine.hpp"
#include "wire/parser.hpp"

namespace holdfast::fuzz {

using wire::PacketType;

namespace {

// Where in CONNECT the version stands.
constexpr std::size_t level_at = 6;

}  // namespace

std::uint32_t number_in(std::span<const std::byte> payload) {
  require(payload.size() >= 4);
  std::uint32_t number = 0;
  for (const std::byte byte : payload.first(4))
    number = number << 8 | std::to_integer<std::uint32_t>(byte);
  return number;
}

void EngineWatch::on_process_began(const session::Snapshot& snapshot) {
  on_disconnected(0);
  uses_.clear();
  exact_ = true;
  for (const auto& [message, packet_identifier, released] : snapshot.messages) {
    if (packet_identifier == 0) continue;
    Use use;
    use.number = number_in(message->payload());
    use.left = true;
    use.released = released;
    uses_[packet_identifier] = use;
  }
  for (const std::uint16_t packet_identifier : snapshot.held_identifiers)
    uses_[packet_identifier].held = true;
}

void EngineWatch::on_connected() {
  decoder_.reset();
  seen_ = packet_end_ = 0;
  connect_sent_ = accepted_ = closing_ = ended_ = false;
  window_ = window_exactly_once_ = challenges_ = 0;
  reauthentication_asked_ = reauthenticating_ = false;
  unanswered_.clear();
}

void EngineWatch::on_disconnected(std::uint64_t written) {
  accepted_ = closing_ = false;
  seen_ = 0;
  for (auto at = uses_.begin(); at != uses_.end();) {
    Use& use = at->second;
    if (!use.number && !use.held) {
      at = uses_.erase(at);
      continue;
    }
    if (use.on_this_connection && use.end_offset <= written) use.left = true;
    use.on_this_connection = use.in_window = false;
    ++at;
  }
  window_ = window_exactly_once_ = 0;
  reauthentication_asked_ = reauthenticating_ = false;
  unanswered_.clear();
}

void EngineWatch::on_accepted(bool session_present, std::size_t receive_maximum,
                              std::optional<std::uint32_t> maximum_packet_size) {
  require(!session_present || !greeting_.clean_start);
  accepted_ = true;
  quota_ = std::min(receive_maximum, in_flight_max_);
  maximum_packet_size_ = maximum_packet_size;
  challenges_ = 0;
  if (session_present) return;
  uses_.clear();
  exact_ = true;
}

bool EngineWatch::has_room(QoS qos) const noexcept {
  if (!exact_ || !accepted_ || window_ >= quota_) return false;
  return qos != QoS::exactly_once || greeting_.version == wire::Version::mqtt_5 ||
         window_exactly_once_ < session::exactly_once_max_in_3_1_1;
}

void EngineWatch::on_taken(const wire::Frame& frame) {
  if (frame.type == PacketType::auth) return take_auth(frame);
  if (!accepted_) return;
  switch (frame.type) {
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      return take_acknowledgement(frame);
    case PacketType::suback:
    case PacketType::unsuback:
      return take_answer(frame);
    default:
      return;
  }
}

void EngineWatch::take_acknowledgement(const wire::Frame& frame) {
  const auto packet = wire::parse_acknowledgement(frame, greeting_.version);
  if (!packet) return;
  const auto found = uses_.find(packet->packet_identifier);
  if (found == uses_.end()) return;
  Use& use = found->second;
  if (frame.type != PacketType::pubrec) {
    if (use.number || use.held) free(packet->packet_identifier);
  } else if (!is_error(packet->reason_code)) {
    use.released = use.released || !use.held;
  } else if (use.held || (use.number && !use.released)) {
    free(packet->packet_identifier);
  }
}

void EngineWatch::take_answer(const wire::Frame& frame) {
  const auto packet = frame.type == PacketType::suback ? wire::parse_suback(frame, greeting_.version)
                                                       : wire::parse_unsuback(frame, greeting_.version);
  if (!packet) return;
  const auto use = uses_.find(packet->packet_identifier);
  const bool request = use != uses_.end() && !use->second.number && !use->second.held;
  // `released` of a request: it is an UNSUBSCRIBE.
  if (request && use->second.released == (frame.type == PacketType::unsuback))
    free(packet->packet_identifier);
}

void EngineWatch::take_auth(const wire::Frame& frame) {
  const auto packet = wire::parse_auth(frame);
  if (!packet) return;
  require(greeting_.version == wire::Version::mqtt_5 && greeting_.authenticates);
  require(!accepted_ || reauthenticating_);
  if (packet->reason_code == ReasonCode::continue_authentication) {
    ++challenges_;
  } else {
    require(accepted_ && packet->reason_code == ReasonCode::success);
    reauthentication_asked_ = reauthenticating_ = false;
  }
}

void EngineWatch::use_window(Use& use, QoS qos) {
  require(!std::exchange(use.in_window, true));  // Never twice on one connection.
  use.exactly_once = qos == QoS::exactly_once;
  ++window_;
  if (use.exactly_once) ++window_exactly_once_;
  require(window_ <= quota_);
  require(greeting_.version == wire::Version::mqtt_5 ||
          window_exactly_once_ <= session::exactly_once_max_in_3_1_1);
}

void EngineWatch::free(std::uint16_t packet_identifier) {
  const auto at = uses_.find(packet_identifier);
  if (at->second.in_window) {
    --window_;
    if (at->second.exactly_once) --window_exactly_once_;
  }
  uses_.erase(at);
}

void EngineWatch::on_failed(std::uint32_t number) {
  for (auto& [packet_identifier, use] : uses_) {
    if (use.number != number) continue;
    use.number.reset();
    use.held = true;
  }
}

void EngineWatch::on_acknowledged(std::uint16_t packet_identifier) {
  if (packet_identifier < acknowledged_.size()) ++acknowledged_[packet_identifier];
}

void EngineWatch::on_output(session::OutputBuffer& output) {
  const std::uint64_t end = output.end_offset();
  require(end >= seen_);
  if (end == seen_) return;
  require(!closing_);
  const std::size_t count = output.gather(pieces_);
  std::uint64_t at = output.written_offset();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t piece_end = at + pieces_[i].size();
    if (piece_end > seen_) {
      look_at(pieces_[i].subspan(static_cast<std::size_t>(std::max(at, seen_) - at)));
      seen_ = piece_end;
    }
    at = piece_end;
  }
}

void EngineWatch::look_at(std::span<const std::byte> bytes) {
  decoder_.feed(bytes);
  wire::Frame frame;
  wire::Oversize oversize;
  for (auto step = decoder_.next(frame, oversize); step != wire::Step::need_more;
       step = decoder_.next(frame, oversize)) {
    require(step == wire::Step::frame);
    std::size_t header = 2;
    for (std::size_t length = frame.body.size(); length >= 128; length >>= 7)
      ++header;
    packet_end_ += header + frame.body.size();
    on_frame(frame, header + frame.body.size());
  }
}

void EngineWatch::on_frame(const wire::Frame& frame, std::size_t size) {
  require(!ended_);
  if (!connect_sent_) return on_connect(frame);
  if (frame.type == PacketType::disconnect) {
    const auto packet = wire::parse_disconnect(frame, greeting_.version);
    require(packet && packet->violation == nullptr);
    ended_ = true;
    return;
  }
  if (frame.type == PacketType::auth && !accepted_) return on_auth(frame);
  require(accepted_);
  // Acknowledgements without anything in them cannot be made smaller.
  if (frame.type == PacketType::publish || frame.type == PacketType::subscribe ||
      frame.type == PacketType::auth)
    require(!maximum_packet_size_ || size <= *maximum_packet_size_);
  switch (frame.type) {
    case PacketType::publish:
      return on_publish(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return on_acknowledgement(frame);
    case PacketType::subscribe: {
      const auto packet = wire::parse_subscribe(frame, greeting_.version);
      require(static_cast<bool>(packet));
      return on_request(packet->packet_identifier, frame.type, packet->subscriptions.size());
    }
    case PacketType::unsubscribe: {
      const auto packet = wire::parse_unsubscribe(frame, greeting_.version);
      require(static_cast<bool>(packet));
      return on_request(packet->packet_identifier, frame.type, packet->filters.size());
    }
    case PacketType::auth:
      return on_auth(frame);
    case PacketType::pingreq:
      require(static_cast<bool>(wire::parse_pingreq(frame)));
      unanswered_.push_back({frame.type, 0, QoS::at_most_once, 0});
      return;
    default:
      require(false);  // Nothing else is a client's to send.
  }
}

void EngineWatch::on_connect(const wire::Frame& frame) {
  require(frame.type == PacketType::connect && frame.body.size() > level_at);
  greeting_.version = static_cast<wire::Version>(frame.body[level_at]);
  const auto packet = wire::parse_connect(frame, greeting_.version);
  require(static_cast<bool>(packet));
  require(greeting_.version == wire::Version::mqtt_5 || packet->clean_start ||
          !packet->client_identifier.empty());
  greeting_.clean_start = packet->clean_start;
  const auto& properties = packet->properties;
  greeting_.authenticates = properties.string(wire::PropertyId::authentication_method).has_value();
  require(greeting_.authenticates || !properties.binary(wire::PropertyId::authentication_data));
  connect_sent_ = true;
}

void EngineWatch::on_auth(const wire::Frame& frame) {
  require(greeting_.version == wire::Version::mqtt_5 && greeting_.authenticates);
  const auto packet = wire::parse_auth(frame);
  require(packet && packet->properties.string(wire::PropertyId::authentication_method).has_value());
  if (packet->reason_code == ReasonCode::re_authenticate) {
    require(accepted_ && reauthentication_asked_ && !std::exchange(reauthenticating_, true));
  } else {
    require(packet->reason_code == ReasonCode::continue_authentication);
    require(!exact_ || challenges_ != 0);
    if (challenges_ != 0) --challenges_;
  }
  unanswered_.push_back({frame.type, 0, QoS::at_most_once, 0});
}

void EngineWatch::on_acknowledgement(const wire::Frame& frame) {
  const auto packet = wire::parse_acknowledgement(frame, greeting_.version);
  require(packet && packet->violation == nullptr);
  const std::uint16_t packet_identifier = packet->packet_identifier;
  if (frame.type == PacketType::pubrel)
    unanswered_.push_back({frame.type, packet_identifier, QoS::at_most_once, 0});
  // The broker forgets what is acknowledged: only the application may say that it has it.
  if (packet_identifier >= acknowledged_.size() || is_error(packet->reason_code)) return;
  const unsigned acknowledged = acknowledged_[packet_identifier];
  if (frame.type == PacketType::puback) require(pubacks_[packet_identifier]++ < acknowledged);
  if (frame.type == PacketType::pubrec) require(acknowledged != 0);
}

void EngineWatch::on_request(std::uint16_t packet_identifier, PacketType type, std::size_t filters) {
  unanswered_.push_back({type, packet_identifier, QoS::at_most_once, filters});
  if (!exact_) return;
  require(!uses_.contains(packet_identifier));
  uses_[packet_identifier].released = type == PacketType::unsubscribe;
}

void EngineWatch::on_publish(const wire::Frame& frame) {
  const auto packet = wire::parse_publish(frame, greeting_.version);
  require(packet && packet->violation == nullptr);
  require(!packet->topic.empty() || packet->properties.number(wire::PropertyId::topic_alias).has_value());
  const std::uint32_t number = number_in(packet->payload);
  if (packet->qos == QoS::at_most_once) return;
  const std::uint16_t packet_identifier = packet->packet_identifier;
  unanswered_.push_back({frame.type, packet_identifier, packet->qos, 0});
  published_.push_back(number);
  if (!exact_) return;
  const auto known = uses_.find(packet_identifier);
  require(known == uses_.end() || (known->second.number == number && !known->second.released));
  Use& use = uses_[packet_identifier];
  require(packet->dup == use.left);
  use.number = number;
  use.end_offset = packet_end_;
  use.on_this_connection = true;
  use_window(use, packet->qos);
}

}  // namespace holdfast::fuzz
