#include "support/broker_connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "support/loopback.hpp"

namespace holdfast::support {

BrokerConnection::BrokerConnection(std::size_t index, Descriptor socket, Behaviour behaviour,
                                   ProtocolChecker::Report report, Schedule schedule)
    : index_(index),
      socket_(std::move(socket)),
      behaviour_(std::move(behaviour)),
      checker_(index, report),
      report_(std::move(report)),
      schedule_(std::move(schedule)),
      reading_(!behaviour_.never_reads) {}

void BrokerConnection::send(std::string_view bytes) {
  if (!is_open() || closing_) return;
  check_sent(bytes);
  outgoing_ += bytes;
}

void BrokerConnection::send_packet(std::string_view packet) {
  send(level_ == 5 ? std::string(packet) : in_3_1_1(packet));
}

void BrokerConnection::send_later(std::chrono::milliseconds delay, std::string bytes) {
  schedule_(delay, [self = weak_from_this(), bytes = std::move(bytes)] {
    if (const auto connection = self.lock()) connection->send(bytes);
  });
}

void BrokerConnection::close() {
  closing_ = true;
}

void BrokerConnection::reset() {
  reset_ = true;
  support::reset(socket_);
}

short BrokerConnection::wanted_events() const noexcept {
  return static_cast<short>((reading_ && !closing_ ? POLLIN : 0) | (outgoing_.empty() ? 0 : POLLOUT));
}

void BrokerConnection::write_some() {
  if (!is_open()) return;
  if (!outgoing_.empty()) {
    const std::size_t piece = behaviour_.write_piece > 0 ? behaviour_.write_piece : outgoing_.size();
    const ssize_t count = ::send(socket_.get(), outgoing_.data(), std::min(piece, outgoing_.size()),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return socket_.close();
    if (count > 0) outgoing_.erase(0, static_cast<std::size_t>(count));
  }
  if (closing_ && outgoing_.empty()) socket_.close();
}

std::vector<Packet> BrokerConnection::read_packets() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) socket_.close();
  if (count > 0) incoming_.append(buffer.data(), static_cast<std::size_t>(count));
  std::vector<Packet> packets;
  std::size_t used = 0;
  try {
    while (const auto size = frame_size(std::string_view(incoming_).substr(used))) {
      packets.push_back(decode(std::string_view(incoming_).substr(used, *size), level_));
      if (packets.back().type == PacketType::connect) level_ = packets.back().level;
      used += *size;
    }
  } catch (const std::runtime_error& error) {
    report_("connection " + std::to_string(index_) + ": malformed packet: " + error.what());
    socket_.close();
    used = incoming_.size();
  }
  incoming_.erase(0, used);
  return packets;
}

void BrokerConnection::send_honestly(const std::string& packet) {
  if (behaviour_.before_send && behaviour_.before_send(*this, decode(packet)) == Verdict::ignore) return;
  send_packet(packet);
}

void BrokerConnection::acknowledge(const std::string& packet) {
  if (behaviour_.holds_acknowledgements) {
    held_.push_back(packet);
  } else if (behaviour_.acknowledgement_delay.count() > 0) {
    schedule_(behaviour_.acknowledgement_delay, [self = weak_from_this(), packet] {
      if (const auto connection = self.lock()) connection->send_honestly(packet);
    });
  } else {
    send_honestly(packet);
  }
}

void BrokerConnection::release_acknowledgements(bool reversed) {
  if (reversed) std::reverse(held_.begin(), held_.end());
  for (const std::string& packet : std::exchange(held_, {}))
    send_honestly(packet);
}

void BrokerConnection::check_sent(std::string_view bytes) {
  unchecked_ += bytes;
  try {
    while (const auto size = frame_size(unchecked_)) {
      const std::string frame = unchecked_.substr(0, *size);
      unchecked_.erase(0, *size);
      checker_.on_sent(decode(frame, level_));
    }
  } catch (const std::runtime_error&) {
    // A test sends nonsense on purpose; what follows on this connection cannot be understood.
    unchecked_.clear();
  }
}

}  // namespace holdfast::support
