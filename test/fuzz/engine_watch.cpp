#include "fuzz/engine_watch.hpp"

#include <algorithm>
#include <array>

#include "fuzz/fuzz_input.hpp"
#include "wire/parser.hpp"

namespace holdfast::fuzz {

namespace {

// What all of these sessions speak.
constexpr wire::Version version = wire::Version::mqtt_5;

}  // namespace

using wire::PacketType;

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
  window_.clear();
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
    use.on_this_connection = false;
    ++at;
  }
  window_.clear();
  unanswered_.clear();
}

void EngineWatch::on_accepted(bool session_present, std::size_t receive_maximum,
                              std::optional<std::uint32_t> maximum_packet_size) {
  accepted_ = true;
  quota_ = std::min(receive_maximum, in_flight_max_);
  maximum_packet_size_ = maximum_packet_size;
  if (session_present) return;
  uses_.clear();
  exact_ = true;
}

void EngineWatch::on_taken(const wire::Frame& frame) {
  if (!accepted_) return;
  switch (frame.type) {
    case PacketType::puback:
    case PacketType::pubcomp:
      if (const auto packet = wire::parse_acknowledgement(frame, version)) {
        const auto use = uses_.find(packet->packet_identifier);
        if (use != uses_.end() && (use->second.number || use->second.held)) free(packet->packet_identifier);
      }
      return;
    case PacketType::pubrec:
      if (const auto packet = wire::parse_acknowledgement(frame, version)) {
        const auto use = uses_.find(packet->packet_identifier);
        if (use == uses_.end()) return;
        if (!is_error(packet->reason_code)) {
          use->second.released = use->second.released || !use->second.held;
        } else if (use->second.held || (use->second.number && !use->second.released)) {
          free(packet->packet_identifier);
        }
      }
      return;
    case PacketType::suback:
    case PacketType::unsuback: {
      const auto packet = frame.type == PacketType::suback ? wire::parse_suback(frame, version)
                                                           : wire::parse_unsuback(frame, version);
      if (!packet) return;
      const auto use = uses_.find(packet->packet_identifier);
      const bool request = use != uses_.end() && !use->second.number && !use->second.held;
      // `released` of a request: it is an UNSUBSCRIBE.
      if (request && use->second.released == (frame.type == PacketType::unsuback))
        free(packet->packet_identifier);
      return;
    }
    default:
      return;
  }
}

void EngineWatch::free(std::uint16_t packet_identifier) {
  uses_.erase(packet_identifier);
  window_.erase(packet_identifier);
}

void EngineWatch::on_failed(std::uint32_t number) {
  for (auto& [packet_identifier, use] : uses_) {
    if (use.number != number) continue;
    use.number.reset();
    use.held = true;
  }
}

void EngineWatch::on_output(session::OutputBuffer& output) {
  const std::uint64_t end = output.end_offset();
  require(end >= seen_);
  if (end == seen_) return;
  require(!closing_);
  std::array<std::span<const std::byte>, 512> pieces;
  const std::size_t count = output.gather(pieces);
  std::uint64_t at = output.written_offset();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t piece_end = at + pieces[i].size();
    if (piece_end > seen_) {
      look_at(pieces[i].subspan(static_cast<std::size_t>(std::max(at, seen_) - at)));
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
  if (!connect_sent_) {
    require(frame.type == PacketType::connect && static_cast<bool>(wire::parse_connect(frame, version)));
    connect_sent_ = true;
    return;
  }
  if (frame.type == PacketType::disconnect) {
    const auto packet = wire::parse_disconnect(frame, version);
    require(packet && packet->violation == nullptr);
    ended_ = true;
    return;
  }
  require(accepted_);
  // Acknowledgements without anything in them cannot be made smaller.
  if (frame.type == PacketType::publish || frame.type == PacketType::subscribe)
    require(!maximum_packet_size_ || size <= *maximum_packet_size_);
  switch (frame.type) {
    case PacketType::publish:
      return on_publish(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: {
      const auto packet = wire::parse_acknowledgement(frame, version);
      require(packet && packet->violation == nullptr);
      if (frame.type == PacketType::pubrel)
        unanswered_.push_back({frame.type, packet->packet_identifier, QoS::at_most_once, 0});
      return;
    }
    case PacketType::subscribe: {
      const auto packet = wire::parse_subscribe(frame, version);
      require(static_cast<bool>(packet));
      return on_request(packet->packet_identifier, frame.type, packet->subscriptions.size());
    }
    case PacketType::unsubscribe: {
      const auto packet = wire::parse_unsubscribe(frame, version);
      require(static_cast<bool>(packet));
      return on_request(packet->packet_identifier, frame.type, packet->filters.size());
    }
    case PacketType::pingreq:
      require(static_cast<bool>(wire::parse_pingreq(frame)));
      unanswered_.push_back({frame.type, 0, QoS::at_most_once, 0});
      return;
    default:
      require(false);  // Nothing else is a client's to send.
  }
}

void EngineWatch::on_request(std::uint16_t packet_identifier, PacketType type, std::size_t filters) {
  unanswered_.push_back({type, packet_identifier, QoS::at_most_once, filters});
  if (!exact_) return;
  require(!uses_.contains(packet_identifier));
  uses_[packet_identifier].released = type == PacketType::unsubscribe;
}

void EngineWatch::on_publish(const wire::Frame& frame) {
  const auto packet = wire::parse_publish(frame, version);
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
  require(window_.insert(packet_identifier).second);  // Never twice on one connection.
  require(window_.size() <= quota_);
}

}  // namespace holdfast::fuzz
