#include "support/relay.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace holdfast::support {
namespace {

// Enough to keep a fast client busy, little enough that a stopped reader is felt by the sender.
constexpr std::size_t waiting_bytes_max = 256 * 1024;

}  // namespace

Relay::Relay(std::uint16_t broker_port) : broker_port_(broker_port), port_(free_port()) {
  listener_ = listen_on(port_, 16 * 1024);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  change([this] { stopping_ = true; });
  thread_.join();
}

void Relay::change(const std::function<void()>& what) {
  {
    const std::lock_guard lock(mutex_);
    what();
  }
  wake_up_.signal();
}

void Relay::cut(Ending ending) {
  change([&] { end_all(ending); });
}

void Relay::cut_after(std::size_t bytes, Direction direction, Ending ending) {
  change([&] { byte_cut_ = ByteCut{bytes, direction, ending}; });
}

void Relay::cut_every(std::chrono::milliseconds interval, Ending ending) {
  change([&] {
    faults_.cut_interval = interval;
    faults_.cut_ending = ending;
    next_cut_ = Clock::now() + interval;
  });
}

void Relay::trickle() {
  change([this] { faults_.trickle = true; });
}

void Relay::delay(std::chrono::milliseconds time, std::chrono::milliseconds jitter) {
  change([&] {
    faults_.delay = time;
    faults_.jitter = jitter;
  });
}

void Relay::narrow(std::size_t bytes_per_second) {
  change([&] { faults_.bytes_per_second = bytes_per_second; });
}

void Relay::stop_reading(Direction direction) {
  change([&] {
    (direction == Direction::to_broker ? faults_.stop_reading_to_broker : faults_.stop_reading_to_client) =
        true;
  });
}

void Relay::black_hole() {
  change([this] { faults_.black_hole = true; });
}

void Relay::refuse() {
  change([this] {
    faults_.refuse = true;
    stop_listening(listener_);
  });
}

void Relay::heal() {
  change([this] {
    faults_ = {};
    byte_cut_.reset();
    for (const auto& pair : pairs_) {
      if (pair->lossy) end(*pair, Ending::reset);
    }
    if (!listener_) listener_ = listen_on(port_, 16 * 1024);
  });
}

std::size_t Relay::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

std::size_t Relay::open_connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(pairs_.begin(), pairs_.end(), [](const auto& pair) { return !pair->dead; }));
}

void Relay::end(Pair& pair, Ending ending) {
  if (pair.dead) return;
  pair.dead = true;
  if (ending == Ending::reset) {
    reset(pair.client);
    reset(pair.broker);
  }
  pair.client.close();
  pair.broker.close();
}

void Relay::end_all(Ending ending) {
  for (const auto& pair : pairs_)
    end(*pair, ending);
}

void Relay::run() {
  while (true) {
    poll_once();
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

int Relay::poll_timeout(Clock::time_point now) const {
  auto next = now + std::chrono::hours(1);
  if (faults_.cut_interval.count() > 0) next = std::min(next, next_cut_);
  for (const auto& pair : pairs_) {
    for (const Pipe* pipe : {&pair->to_broker, &pair->to_client}) {
      if (!pipe->waiting.empty()) next = std::min(next, pipe->waiting.front().due);
    }
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::max<std::int64_t>(wait, 0));
}

bool Relay::wants_read(const Pipe& pipe, Direction direction) const {
  const bool stopped =
      direction == Direction::to_broker ? faults_.stop_reading_to_broker : faults_.stop_reading_to_client;
  // What stands before a narrow pipe gets through it within a second.
  const std::size_t bytes_max = faults_.bytes_per_second > 0
                                    ? std::min(faults_.bytes_per_second, waiting_bytes_max)
                                    : waiting_bytes_max;
  return !stopped && !pipe.ended && pipe.waiting_bytes < bytes_max;
}

void Relay::poll_once() {
  std::vector<pollfd> polled;
  std::vector<Pair*> pairs;
  int timeout = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    polled.push_back({wake_up_.descriptor(), POLLIN, 0});
    polled.push_back({listener_.get(), POLLIN, 0});
    const auto interest = [&](const Pipe& in, Direction in_direction, const Pipe& out) {
      short events = 0;
      if (wants_read(in, in_direction)) events |= POLLIN;
      if (!out.waiting.empty() && out.waiting.front().due <= now) events |= POLLOUT;
      return events;
    };
    for (const auto& pair : pairs_) {
      const short client = interest(pair->to_broker, Direction::to_broker, pair->to_client);
      const short broker = interest(pair->to_client, Direction::to_client, pair->to_broker);
      pairs.push_back(pair.get());
      // Without interest the descriptor is left out: an error there would be reported again and again.
      polled.push_back({client != 0 ? pair->client.get() : -1, client, 0});
      polled.push_back({broker != 0 ? pair->broker.get() : -1, broker, 0});
    }
    timeout = poll_timeout(now);
    // What is due and not yet writable is waited for by POLLOUT, not by turning.
    if (timeout == 0) {
      timeout = std::any_of(polled.begin() + 2, polled.end(),
                            [](const pollfd& entry) { return (entry.events & POLLOUT) != 0; })
                    ? 10
                    : 0;
    }
  }
  ::poll(polled.data(), polled.size(), timeout);
  wake_up_.drain();
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (faults_.cut_interval.count() > 0 && now >= next_cut_) {
    end_all(faults_.cut_ending);
    next_cut_ = now + faults_.cut_interval;
  }
  for (std::size_t index = 0; index < pairs.size(); ++index) {
    Pair& pair = *pairs[index];
    const short client = polled[2 + 2 * index].revents;
    const short broker = polled[3 + 2 * index].revents;
    if (!pair.dead && (client & ~POLLOUT) != 0) read_from(pair, Direction::to_broker);
    if (!pair.dead && (broker & ~POLLOUT) != 0) read_from(pair, Direction::to_client);
    if (!pair.dead) write_to(pair, Direction::to_broker, now);
    if (!pair.dead) write_to(pair, Direction::to_client, now);
  }
  std::erase_if(pairs_, [](const auto& pair) { return pair->dead; });
  accept_all();
}

void Relay::accept_all() {
  while (listener_) {
    Descriptor client = accept_from(listener_);
    if (!client) return;
    ++accepted_;
    auto pair = std::make_unique<Pair>();
    pair->client = std::move(client);
    pair->broker = connect_to(broker_port_);
    pairs_.push_back(std::move(pair));
  }
}

void Relay::read_from(Pair& pair, Direction direction) {
  const bool outward = direction == Direction::to_broker;
  Pipe& pipe = outward ? pair.to_broker : pair.to_client;
  std::array<char, 16 * 1024> buffer;
  const ssize_t count = ::recv((outward ? pair.client : pair.broker).get(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) end(pair, Ending::reset);
    return;
  }
  if (faults_.black_hole) {
    pair.lossy = true;
    if (count == 0) end(pair, Ending::reset);
    return;
  }
  if (count == 0) {
    pipe.ended = true;
    return;
  }
  put_in_line(pipe, {buffer.data(), static_cast<std::size_t>(count)});
}

void Relay::put_in_line(Pipe& pipe, std::string_view bytes) {
  // Through a narrow pipe bytes trickle fifty times a second.
  const std::size_t piece_max = faults_.trickle                ? 1
                                : faults_.bytes_per_second > 0 ? faults_.bytes_per_second / 50 + 1
                                                               : bytes.size();
  const auto jitter = std::uniform_int_distribution<std::int64_t>(0, faults_.jitter.count())(random_);
  pipe.last_due = std::max(pipe.last_due, Clock::now() + faults_.delay + std::chrono::milliseconds(jitter));
  pipe.waiting_bytes += bytes.size();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_max);
    bytes.remove_prefix(piece.size());
    if (faults_.bytes_per_second > 0) {
      pipe.last_due +=
          std::chrono::nanoseconds(std::uint64_t{1'000'000'000} * piece.size() / faults_.bytes_per_second);
    }
    pipe.waiting.push_back({pipe.last_due, {piece.begin(), piece.end()}});
  }
}

void Relay::write_to(Pair& pair, Direction direction, Clock::time_point now) {
  const bool outward = direction == Direction::to_broker;
  Pipe& pipe = outward ? pair.to_broker : pair.to_client;
  Descriptor& target = outward ? pair.broker : pair.client;
  while (!pipe.waiting.empty() && pipe.waiting.front().due <= now) {
    std::vector<char>& bytes = pipe.waiting.front().bytes;
    std::size_t allowed = bytes.size();
    const bool counted = byte_cut_ && byte_cut_->direction == direction;
    if (counted) allowed = std::min(allowed, byte_cut_->bytes);
    const ssize_t count =
        allowed == 0 ? 0 : ::send(target.get(), bytes.data(), allowed, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      // Not connected yet counts as not writable yet.
      if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN) end(pair, Ending::reset);
      return;
    }
    pipe.waiting_bytes -= static_cast<std::size_t>(count);
    bytes.erase(bytes.begin(), bytes.begin() + count);
    if (bytes.empty()) pipe.waiting.pop_front();
    const bool rest_of_turn = !faults_.trickle;
    if (counted && (byte_cut_->bytes -= static_cast<std::size_t>(count)) == 0) {
      const Ending ending = byte_cut_->ending;
      byte_cut_.reset();
      end(pair, ending);
      return;
    }
    if (!rest_of_turn) return;
  }
  if (pipe.ended && pipe.waiting.empty() && !pipe.end_passed_on) {
    pipe.end_passed_on = true;
    ::shutdown(target.get(), SHUT_WR);
    if (pair.to_broker.end_passed_on && pair.to_client.end_passed_on) end(pair, Ending::close);
  }
}

}  // namespace holdfast::support
