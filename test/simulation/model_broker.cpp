#include "simulation/model_broker.hpp"

#include <algorithm>
#include <utility>

#include "simulation/numbered_payload.hpp"

namespace holdfast::simulation {

using support::Packet;
using support::PacketType;

std::size_t ModelBroker::accept(std::shared_ptr<Link> link) {
  const auto report = [](const std::string& what) { throw Violation(what); };
  grants_.emplace_back();
  const std::size_t number = grants_.size();
  connections_.push_back(std::make_unique<Connection>(
      number, std::move(link), support::ProtocolChecker(number, report), world_.clock.now));
  return number;
}

void ModelBroker::step() {
  for (std::size_t index = 0; index < connections_.size(); ++index) {
    Connection& connection = *connections_[index];
    if (!connection.closed) read(connection);
    if (!connection.closed) write(connection);
    const auto silence = world_.clock.now - connection.last_received;
    const bool too_long = connection.keep_alive.count() != 0 && silence > connection.keep_alive * 3 / 2;
    if (too_long || connection.link->at_end(Link::Side::broker)) close(connection);
  }
  std::erase_if(connections_, [](const auto& connection) { return connection->closed; });
  if (session_end() <= world_.clock.now) end_session();
}

void ModelBroker::read(Connection& connection) {
  const std::string bytes = connection.link->read(Link::Side::broker, world_.clock.now);
  if (bytes.empty()) return;
  connection.last_received = world_.clock.now;
  connection.bytes += bytes;
  std::size_t taken = 0;
  while (!connection.closed) {
    const auto rest = std::string_view(connection.bytes).substr(taken);
    const auto size = support::frame_size(rest);
    if (!size) break;
    taken += *size;
    on_packet(connection, support::decode(rest.substr(0, *size)));
  }
  connection.bytes.erase(0, taken);
}

void ModelBroker::write(Connection& connection) {
  if (connection.up) send_messages(connection);
  while (!connection.answers.empty() && !connection.closed) {
    if (world_.random.chance(world_.weather.lazy_answers)) return;
    const Packet packet = std::move(connection.answers.front());
    connection.answers.pop_front();
    world_.trace.note("broker", [&] { return "-> " + packet.describe(); });
    connection.checker.on_sent(packet);
    connection.link->write(Link::Side::broker, support::encode(packet), world_.clock.now);
    const bool refusal = packet.type == PacketType::connack && is_error(packet.reason_code);
    if (refusal || packet.type == PacketType::disconnect) close(connection);
  }
}

void ModelBroker::send_messages(Connection& connection) {
  // Identifiers are soon used again, though never those of an earlier session: see on_connect().
  if (session_->state.in_flight() == 0) session_->state.start_identifiers_at(session_->first_identifier);
  const auto size_max =
      world_.scenario.broker.ignores_packet_size ? std::size_t{0xFFFFFF} : connection.maximum_packet_size;
  for (const std::string& bytes : session_->state.sendable(connection.receive_maximum, size_max)) {
    Packet packet = support::decode(bytes);
    if (packet.qos != QoS::at_most_once) {
      session_->numbers[packet.packet_identifier] = number_of(packet.payload);
      last_identifier_ = std::max(last_identifier_, packet.packet_identifier);
    }
    connection.answers.push_back(std::move(packet));
  }
}

void ModelBroker::offer(std::uint32_t number, std::uint32_t topic, QoS qos, std::size_t size) {
  if (session_) {
    session_->state.offer({"in/" + std::to_string(topic), numbered_payload(number, size), qos, false, {}},
                          false);
  }
}

void ModelBroker::restart(bool with_session) {
  world_.trace.note("broker", [&] { return with_session ? "restarts" : "restarts without its session"; });
  for (auto& connection : connections_) {
    connection->link->reset();
    close(*connection);
  }
  connections_.clear();
  if (!with_session) end_session();
}

void ModelBroker::disconnect_client() {
  Connection* connection = current();
  if (connection == nullptr) return;
  if (world_.random.chance(500)) return close(*connection);
  Packet packet;
  packet.type = PacketType::disconnect;
  packet.reason_code =
      world_.random.chance(500) ? ReasonCode::server_shutting_down : ReasonCode::administrative_action;
  connection->answers.push_back(packet);
}

void ModelBroker::close(Connection& connection) {
  if (std::exchange(connection.closed, true)) return;
  connection.link->close(Link::Side::broker);
  if (std::exchange(connection.up, false) && session_) session_->alone_since = world_.clock.now;
}

void ModelBroker::end_session() {
  if (session_) world_.trace.note("broker", [] { return "forgets the session"; });
  if (session_ && session_->known) earlier_ = std::move(session_->state.history);
  session_.reset();
}

void ModelBroker::on_session_known(std::size_t connection) {
  if (session_ && granted(connection).incarnation == session_->incarnation) session_->known = true;
}

session::TimePoint ModelBroker::session_end() const {
  constexpr std::uint32_t never_ends = 0xFFFFFFFF;
  if (!session_ || !session_->alone_since || session_->state.expiry == never_ends) return session::never;
  // With an interval of 0 the session ends with its connection; no patience. [MQTT 5, 3.1.2.11.2]
  const auto patience =
      session_->state.expiry == 0 ? std::chrono::seconds(0) : world_.scenario.broker.patience;
  return *session_->alone_since + std::chrono::seconds(session_->state.expiry) + patience;
}

ModelBroker::Connection* ModelBroker::current() {
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [](const auto& connection) { return connection->up; });
  return found == connections_.end() ? nullptr : found->get();
}

bool ModelBroker::serves(const Link* link) {
  const Connection* connection = current();
  return connection != nullptr && connection->link.get() == link;
}

session::TimePoint ModelBroker::deadline() const {
  session::TimePoint first = session_end();
  for (const auto& connection : connections_) {
    if (!connection->answers.empty()) return world_.clock.now;
    if (connection->keep_alive.count() != 0)
      first = std::min<session::TimePoint>(
          first, connection->last_received + connection->keep_alive * 3 / 2 + std::chrono::nanoseconds(1));
  }
  return first;
}

bool ModelBroker::idle() const {
  const bool silent = std::all_of(connections_.begin(), connections_.end(),
                                  [](const auto& connection) { return connection->answers.empty(); });
  return silent && (!session_ || session_->state.unfinished() == 0);
}

}  // namespace holdfast::simulation
