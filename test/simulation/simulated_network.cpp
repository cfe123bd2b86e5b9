#include "simulation/simulated_network.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::simulation {

void Pipe::write(std::string_view bytes, session::TimePoint arrives) {
  if (bytes.empty() || ended_) return;
  pieces_.push_back({std::string(bytes), arrives});
  size_ += bytes.size();
}

std::string Pipe::read(session::TimePoint now, std::size_t max) {
  std::string all;
  while (!pieces_.empty() && pieces_.front().arrives <= now && all.size() < max) {
    const std::string& bytes = pieces_.front().bytes;
    const std::size_t count = std::min(bytes.size() - taken_, max - all.size());
    all.append(bytes, taken_, count);
    taken_ += count;
    size_ -= count;
    if (taken_ != bytes.size()) break;
    pieces_.pop_front();
    taken_ = 0;
  }
  return all;
}

void Pipe::cut(std::size_t bytes) {
  std::size_t kept = 0;
  ended_ = true;
  size_ = std::min(size_, bytes);
  std::size_t left = size_ + taken_;
  while (kept < pieces_.size() && left > 0) {
    Piece& piece = pieces_[kept++];
    piece.bytes.resize(std::min(piece.bytes.size(), left));
    left -= piece.bytes.size();
  }
  pieces_.resize(size_ == 0 ? 0 : kept);
  if (size_ == 0) taken_ = 0;
}

std::size_t Link::write(Side from, std::string_view bytes, session::TimePoint now) {
  const Side to = from == Side::client ? Side::broker : Side::client;
  Pipe& pipe = pipe_to(to);
  const std::size_t room = weather_.send_buffer > pipe.size() ? weather_.send_buffer - pipe.size() : 0;
  // The broker's buffer has no bound: that a broker is slow in reading is what the client has to bear.
  const std::size_t taken = from == Side::client ? std::min(bytes.size(), room) : bytes.size();
  session::TimePoint& last = last_arrival_[static_cast<std::size_t>(to)];
  const auto delay = std::chrono::microseconds(
      random_.below(static_cast<std::uint64_t>(std::chrono::microseconds(weather_.delay_max).count()) + 1));
  last = std::max(last, now + delay);
  if (!closed_[static_cast<std::size_t>(to)]) pipe.write(bytes.substr(0, taken), last);
  return taken;
}

std::string Link::read(Side at, session::TimePoint now) {
  if (dark_ || now < stalled_until_) return {};
  return pipe_to(at).read(now, 1 + random_.below(weather_.chunk_max));
}

void Link::close(Side side) {
  const auto index = static_cast<std::size_t>(side);
  if (closed_[index]) return;
  closed_[index] = true;
  pipe_to(side == Side::client ? Side::broker : Side::client).end();
  pipe_to(side).cut(0);
}

void Link::reset() {
  for (Pipe* pipe : {&to_client_, &to_broker_})
    pipe->cut(random_.below(pipe->size() + 1));
}

session::TimePoint Link::next_arrival() const noexcept {
  if (dark_) return session::never;
  const auto first = std::min(to_client_.next_arrival(), to_broker_.next_arrival());
  return first == session::never ? first : std::max(first, stalled_until_);
}

}  // namespace holdfast::simulation
