#include "simulation/packet_watch.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace holdfast::simulation {

void PacketWatch::reset() {
  seen_ = 0;
  waiting_.clear();
}

void PacketWatch::on_made(session::OutputBuffer& output) {
  if (output.end_offset() == seen_) return;
  pieces_.resize(4096);  // More than the engine makes before it waits for room.
  const std::size_t count = output.gather(pieces_);
  std::uint64_t offset = output.written_offset();
  std::string made;
  for (std::size_t index = 0; index < count; ++index) {
    const auto piece = pieces_[index];
    const std::uint64_t known = seen_ > offset ? std::min<std::uint64_t>(seen_ - offset, piece.size()) : 0;
    made.append(reinterpret_cast<const char*>(piece.data()) + known, piece.size() - known);
    offset += piece.size();
  }
  std::string_view rest = made;
  while (!rest.empty()) {
    const auto size = support::frame_size(rest);
    require(size.has_value(), [] { return "half a packet was made"; });
    support::Packet packet = support::decode(rest.substr(0, *size));
    rest.remove_prefix(*size);
    seen_ += *size;
    world_.trace.note("client", [&] { return "makes " + packet.describe(); });
    if (packet.type == support::PacketType::connect) {
      clean_start_ = packet.clean_start;
      world_.invariants.session.on_connect_sent(packet.clean_start, world_.clock.client_now());
    }
    world_.invariants.outgoing.on_made(packet, world_.clock.client_now());
    world_.invariants.incoming.on_made(packet);
    waiting_.push_back({std::move(packet), seen_});
  }
}

void PacketWatch::on_written(std::uint64_t offset) {
  while (!waiting_.empty() && waiting_.front().end_offset <= offset) {
    const support::Packet& packet = waiting_.front().packet;
    world_.invariants.outgoing.on_left(packet);
    if (world_.scenario.with_store) world_.invariants.store.on_left(packet);
    waiting_.pop_front();
  }
}

}  // namespace holdfast::simulation
