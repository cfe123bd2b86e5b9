#include "support/scripted_broker.hpp"

#include <poll.h>

#include <algorithm>
#include <iterator>

namespace holdfast::support {

ScriptedBroker::ScriptedBroker(Behaviour behaviour, int receive_buffer)
    : port_(free_port()),
      receive_buffer_(receive_buffer),
      listener_(listen_on(port_, receive_buffer)),
      behaviour_(std::move(behaviour)) {
  thread_ = std::thread([this] { run(); });
}

ScriptedBroker::~ScriptedBroker() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

void ScriptedBroker::wake() {
  wake_up_.signal();
}

void ScriptedBroker::behave(Behaviour behaviour) {
  const Lock lock(mutex_);
  behaviour_ = std::move(behaviour);
}

void ScriptedBroker::behave_on(std::size_t connection, Behaviour behaviour) {
  const Lock lock(mutex_);
  behaviour_on_.insert_or_assign(connection, std::move(behaviour));
}

void ScriptedBroker::change_behaviour(const std::function<void(Behaviour&)>& change) {
  command([&](BrokerConnection& connection) { change(connection.behaviour()); });
}

void ScriptedBroker::command(const std::function<void(BrokerConnection&)>& what) {
  {
    const Lock lock(mutex_);
    if (connections_.empty() || !connections_.back()->is_open()) return;
    what(*connections_.back());
  }
  wake();
}

void ScriptedBroker::send(std::string_view bytes) {
  command([&](BrokerConnection& connection) { connection.send(bytes); });
}

void ScriptedBroker::close_connection() {
  command([](BrokerConnection& connection) { connection.close(); });
}

void ScriptedBroker::reset_connection() {
  command([](BrokerConnection& connection) { connection.reset(); });
}

void ScriptedBroker::stop_reading() {
  command([](BrokerConnection& connection) { connection.stop_reading(); });
}

void ScriptedBroker::start_reading() {
  command([](BrokerConnection& connection) { connection.start_reading(); });
}

void ScriptedBroker::release_acknowledgements() {
  command([](BrokerConnection& connection) { connection.release_acknowledgements(false); });
}

void ScriptedBroker::release_acknowledgements_reversed() {
  command([](BrokerConnection& connection) { connection.release_acknowledgements(true); });
}

void ScriptedBroker::publish(const Publication& publication) {
  {
    const Lock lock(mutex_);
    for (const auto& [client_id, session] : sessions_)
      session->offer(publication, false);
  }
  wake();
}

void ScriptedBroker::deliver(const std::string& client_id, const Publication& publication) {
  {
    const Lock lock(mutex_);
    const auto found = sessions_.find(client_id);
    if (found != sessions_.end()) found->second->queue(publication);
  }
  wake();
}

void ScriptedBroker::forget_sessions() {
  {
    const Lock lock(mutex_);
    sessions_.clear();
    for (const auto& connection : connections_)
      connection->reset();
  }
  wake();
}

void ScriptedBroker::go_down() {
  {
    const Lock lock(mutex_);
    stop_listening(listener_);
    for (const auto& connection : connections_)
      connection->reset();
  }
  wake();
}

void ScriptedBroker::come_up() {
  {
    const Lock lock(mutex_);
    if (!listener_) listener_ = listen_on(port_, receive_buffer_);
  }
  wake();
}

void ScriptedBroker::schedule(std::chrono::milliseconds delay, std::function<void()> what) {
  {
    const Lock lock(mutex_);
    scheduled_.emplace(Clock::now() + delay, std::move(what));
  }
  wake();
}

bool ScriptedBroker::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, condition);
}

std::size_t ScriptedBroker::connections() const {
  const Lock lock(mutex_);
  return connections_.size();
}

std::size_t ScriptedBroker::open_connections() const {
  const Lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& connection) { return connection->is_open(); }));
}

std::vector<LoggedPacket> ScriptedBroker::received() const {
  const Lock lock(mutex_);
  return received_;
}

std::vector<LoggedPacket> ScriptedBroker::received(PacketType type) const {
  const Lock lock(mutex_);
  std::vector<LoggedPacket> packets;
  std::copy_if(received_.begin(), received_.end(), std::back_inserter(packets),
               [&](const LoggedPacket& packet) { return packet.type == type; });
  return packets;
}

std::vector<LoggedPacket> ScriptedBroker::received(std::size_t connection, PacketType type) const {
  std::vector<LoggedPacket> packets = received(type);
  std::erase_if(packets, [&](const LoggedPacket& packet) { return packet.connection != connection; });
  return packets;
}

std::size_t ScriptedBroker::count(PacketType type) const {
  const Lock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      received_.begin(), received_.end(), [&](const LoggedPacket& packet) { return packet.type == type; }));
}

std::size_t ScriptedBroker::accepted_count() const {
  const Lock lock(mutex_);
  return accepted_.size();
}

std::vector<AcceptedMessage> ScriptedBroker::accepted() const {
  const Lock lock(mutex_);
  return accepted_;
}

std::size_t ScriptedBroker::undelivered(const std::string& client_id) const {
  const Lock lock(mutex_);
  const auto found = sessions_.find(client_id);
  return found == sessions_.end() ? 0 : found->second->unfinished();
}

std::vector<std::string> ScriptedBroker::violations() const {
  const Lock lock(mutex_);
  return violations_;
}

void ScriptedBroker::run() {
  while (turn()) {
  }
}

int ScriptedBroker::poll_timeout() const {
  if (scheduled_.empty()) return 60'000;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(scheduled_.begin()->first - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(wait.count(), 0));
}

bool ScriptedBroker::turn() {
  std::vector<pollfd> polled;
  std::vector<std::shared_ptr<BrokerConnection>> open;
  int timeout = 0;
  {
    const Lock lock(mutex_);
    if (stopping_) return false;
    polled.push_back({wake_up_.descriptor(), POLLIN, 0});
    polled.push_back({listener_.get(), POLLIN, 0});
    for (const auto& connection : connections_) {
      const short events = connection->wanted_events();
      if (!connection->is_open() || events == 0) continue;
      open.push_back(connection);
      polled.push_back({connection->socket_.get(), events, 0});
    }
    timeout = poll_timeout();
  }
  ::poll(polled.data(), polled.size(), timeout);
  wake_up_.drain();
  {
    const Lock lock(mutex_);
    run_due();
    for (std::size_t index = 0; index < open.size(); ++index) {
      BrokerConnection& connection = *open[index];
      if (!connection.is_open() || (polled[index + 2].revents & ~POLLOUT) == 0) continue;
      for (const Packet& packet : connection.read_packets())
        on_packet(connection, packet);
    }
    if ((polled[1].revents & POLLIN) != 0) accept_all();
    deliver_waiting();
    for (const auto& connection : connections_) {
      connection->write_some();
      if (!connection->is_open()) end_session_of(*connection);
    }
  }
  changed_.notify_all();
  return true;
}

void ScriptedBroker::run_due() {
  while (!scheduled_.empty() && scheduled_.begin()->first <= Clock::now()) {
    const auto what = std::move(scheduled_.begin()->second);
    scheduled_.erase(scheduled_.begin());
    what();
  }
}

void ScriptedBroker::accept_all() {
  while (listener_) {
    Descriptor socket = accept_from(listener_);
    if (!socket) return;
    const std::size_t index = connections_.size();
    const auto own = behaviour_on_.find(index);
    connections_.push_back(std::make_shared<BrokerConnection>(
        index, std::move(socket), own == behaviour_on_.end() ? behaviour_ : own->second,
        [this](std::string what) { violations_.push_back(std::move(what)); },
        [this](std::chrono::milliseconds delay, std::function<void()> what) {
          schedule(delay, std::move(what));
        }));
  }
}

void ScriptedBroker::on_packet(BrokerConnection& connection, const Packet& packet) {
  // What came in the same read as the packet on which a hook closed counts as lost with the connection.
  if (connection.ended_by_us()) return;
  received_.emplace_back(packet, connection.index(), Clock::now());
  if (packet.type == PacketType::connect) attach_session(connection, packet);
  connection.checker_.on_received(packet);
  const Hook hook = connection.behaviour_.on_packet;  // A copy: it may replace itself.
  if (hook && hook(connection, packet) == Verdict::ignore) return;
  if (!connection.ended_by_us()) act_on(connection, packet);
}

void ScriptedBroker::act_on(BrokerConnection& connection, const Packet& packet) {
  if (packet.type != PacketType::connect && connection.session_ == nullptr) return connection.reset();
  switch (packet.type) {
    case PacketType::connect:
      return on_connect(connection, packet);
    case PacketType::publish:
      return on_publish(connection, packet);
    case PacketType::pubrel:
      return on_pubrel(connection, packet);
    case PacketType::subscribe:
      return on_subscribe(connection, packet);
    case PacketType::unsubscribe:
      return on_unsubscribe(connection, packet);
    case PacketType::puback:
      return connection.session_->on_puback(packet.packet_identifier);
    case PacketType::pubrec:
      if (const auto pubrel = connection.session_->on_pubrec(packet)) connection.send_honestly(*pubrel);
      return;
    case PacketType::pubcomp:
      return connection.session_->on_pubcomp(packet.packet_identifier);
    case PacketType::pingreq:
      return connection.send_honestly(pingresp());
    case PacketType::disconnect:
      if (const auto expiry = packet.properties.number(PropertyId::session_expiry_interval)) {
        connection.session_->expiry = *expiry;
      }
      return connection.close();
    default:
      return;
  }
}

/// Finds or makes the session, before anything is answered: the checks need it from the CONNECT on.
void ScriptedBroker::attach_session(BrokerConnection& connection, const Packet& packet) {
  if (connection.behaviour_.refuses_mqtt_5 && packet.level == 5) return;  // It understands no more of it.
  take_over(connection, packet);
  connection.client_id_ = packet.client_id;
  if (packet.client_id.empty()) {
    connection.client_id_ = connection.behaviour_.connack.text(PropertyId::assigned_client_identifier)
                                .value_or("assigned-" + std::to_string(connection.index()));
  }
  if (packet.clean_start || connection.behaviour_.session_present == false) {
    sessions_.erase(connection.client_id_);
  }
  std::shared_ptr<BrokerSession>& session = sessions_[connection.client_id_];
  const bool present = session != nullptr;
  if (!present) session = std::make_shared<BrokerSession>();
  connection.session_ = session;
  connection.checker_.attach(session->history);
  connection.behaviour_.session_present = connection.behaviour_.session_present.value_or(present);
  session->expiry = packet.properties.number(PropertyId::session_expiry_interval).value_or(0);
  if (packet.level == 4 && !packet.clean_start) session->expiry = 0xFFFFFFFF;
  connection.client_receive_maximum_ = packet.properties.number(PropertyId::receive_maximum).value_or(65'535);
  connection.client_packet_size_max_ =
      packet.properties.number(PropertyId::maximum_packet_size).value_or(0xFFFFFFFF);
}

void ScriptedBroker::take_over(const BrokerConnection& connection, const Packet& packet) {
  if (packet.client_id.empty()) return;
  for (const auto& other : connections_) {
    // One whose end was read in this very turn still holds the session, and would swallow what waits in it.
    if (other.get() == &connection || other->session_ == nullptr || other->client_id_ != packet.client_id) {
      continue;
    }
    if (other->level_ == 5) other->send(disconnect(ReasonCode::session_taken_over));
    other->close();
    end_session_of(*other);
  }
}

void ScriptedBroker::on_connect(BrokerConnection& connection, const Packet& packet) {
  Behaviour& behaviour = connection.behaviour_;
  if (behaviour.refuses_mqtt_5 && packet.level == 5) {
    connection.send(in_3_1_1(connack(false, ReasonCode::unsupported_protocol_version)));
    return connection.close();
  }
  const bool refused = is_error(behaviour.connack_reason);
  Properties properties = behaviour.connack;
  if (packet.client_id.empty() && !properties.text(PropertyId::assigned_client_identifier)) {
    properties.add(PropertyId::assigned_client_identifier, connection.client_id_);
  }
  connection.send_honestly(
      connack(!refused && *behaviour.session_present, behaviour.connack_reason, properties));
  if (refused) return connection.close();
  connection.accepted_ = true;
  for (const std::string& waiting : connection.session_->resume())
    connection.send_honestly(waiting);
}

void ScriptedBroker::on_publish(BrokerConnection& connection, const Packet& packet) {
  const ReasonCode reason = connection.behaviour_.publish_reason;
  const bool first = packet.qos != QoS::exactly_once ||
                     connection.session_->received_exactly_once.insert(packet.packet_identifier).second;
  if (is_error(reason)) {
    connection.session_->received_exactly_once.erase(packet.packet_identifier);
  } else if (first) {
    accepted_.push_back({connection.client_id_, packet.topic, packet.payload, packet.qos});
    const Publication publication{packet.topic, packet.payload, packet.qos, packet.retain, packet.properties};
    for (const auto& [client_id, session] : sessions_) {
      session->offer(publication, client_id == connection.client_id_);
    }
  }
  if (packet.qos == QoS::at_most_once) return;
  const bool once = packet.qos == QoS::exactly_once && !connection.behaviour_.lowers_exactly_once;
  connection.acknowledge(
      acknowledgement(once ? PacketType::pubrec : PacketType::puback, packet.packet_identifier, reason));
}

void ScriptedBroker::on_pubrel(BrokerConnection& connection, const Packet& packet) {
  const bool known = connection.session_->received_exactly_once.erase(packet.packet_identifier) != 0;
  connection.acknowledge(
      acknowledgement(PacketType::pubcomp, packet.packet_identifier,
                      known ? ReasonCode::success : ReasonCode::packet_identifier_not_found));
}

void ScriptedBroker::on_subscribe(BrokerConnection& connection, const Packet& packet) {
  std::vector<ReasonCode> reasons;
  for (const TopicFilter& subscription : packet.subscriptions) {
    connection.session_->subscriptions.insert_or_assign(subscription.filter, subscription.options);
    reasons.push_back(static_cast<ReasonCode>(subscription.options.qos));
  }
  connection.send_honestly(answer(PacketType::suback, packet.packet_identifier, reasons));
}

void ScriptedBroker::on_unsubscribe(BrokerConnection& connection, const Packet& packet) {
  std::vector<ReasonCode> reasons;
  for (const TopicFilter& subscription : packet.subscriptions) {
    const bool known = connection.session_->subscriptions.erase(subscription.filter) != 0;
    reasons.push_back(known ? ReasonCode::success : ReasonCode::no_subscription_existed);
  }
  connection.send_honestly(answer(PacketType::unsuback, packet.packet_identifier, reasons));
}

void ScriptedBroker::end_session_of(BrokerConnection& connection) {
  const std::shared_ptr<BrokerSession> session = std::exchange(connection.session_, nullptr);
  if (session == nullptr || session->expiry > 0) return;
  const auto found = sessions_.find(connection.client_id_);
  if (found != sessions_.end() && found->second == session) sessions_.erase(found);
}

void ScriptedBroker::deliver_waiting() {
  for (const auto& connection : connections_) {
    if (!connection->accepted_ || connection->closing_ || connection->session_ == nullptr) continue;
    for (const std::string& packet : connection->session_->sendable(connection->client_receive_maximum_,
                                                                    connection->client_packet_size_max_)) {
      connection->send_honestly(packet);
    }
  }
}

}  // namespace holdfast::support
