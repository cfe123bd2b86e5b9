// A TCP relay between a client and a broker that breaks as networks do.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/descriptor.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {

enum class Direction : std::uint8_t { to_broker, to_client };

/// How a connection ends.
enum class Ending : std::uint8_t {
  close,  ///< FIN: what was written still arrives.
  reset,  ///< RST: what is on the way is lost.
};

/// Relays every connection made to port() to the broker. Any thread may call anything; faults hold from the
/// next bytes on, for all connections, until heal().
class Relay {
 public:
  explicit Relay(std::uint16_t broker_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string server() const { return server_at(port_); }

  /// Ends all connections now.
  void cut(Ending ending = Ending::reset);
  /// Ends the connection that is the first to carry `bytes` in that direction from now on; once.
  void cut_after(std::size_t bytes, Direction direction, Ending ending = Ending::reset);
  /// Ends all connections again and again.
  void cut_every(std::chrono::milliseconds interval, Ending ending = Ending::reset);
  /// Passes bytes on one at a time.
  void trickle();
  /// Passes bytes on this much later, and up to `jitter` more, for each piece another; the order is kept.
  void delay(std::chrono::milliseconds time, std::chrono::milliseconds jitter = {});
  /// Passes on so many bytes a second, in each direction of each connection.
  void narrow(std::size_t bytes_per_second);
  /// Reads no more of what comes from there, so that the sender's buffers fill.
  void stop_reading(Direction direction);
  /// Reads everything and passes nothing on, both ways; new connections are accepted and are as silent.
  void black_hole();
  /// Closes the listener: new connections are refused.
  void refuse();
  /// Ends all faults; a black hole's connections are reset, since bytes are missing in them.
  void heal();

  /// Connections accepted so far.
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t open_connections() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Chunk {
    Clock::time_point due;
    std::vector<char> bytes;
  };
  /// One direction of one connection.
  struct Pipe {
    std::deque<Chunk> waiting;
    std::size_t waiting_bytes = 0;
    Clock::time_point last_due{};  ///< Of what came last: nothing overtakes it.
    bool ended = false;            ///< The sender closed; passed on once everything is written.
    bool end_passed_on = false;
  };
  struct Pair {
    Descriptor client;
    Descriptor broker;
    Pipe to_broker;
    Pipe to_client;
    bool lossy = false;
    bool dead = false;
  };
  struct Faults {
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds jitter{0};
    std::size_t bytes_per_second = 0;  ///< 0: no limit.
    std::chrono::milliseconds cut_interval{0};
    Ending cut_ending = Ending::reset;
    bool trickle = false;
    bool stop_reading_to_broker = false;
    bool stop_reading_to_client = false;
    bool black_hole = false;
    bool refuse = false;
  };
  struct ByteCut {
    std::size_t bytes;
    Direction direction;
    Ending ending;
  };

  void run();
  void accept_all();
  void poll_once();
  [[nodiscard]] int poll_timeout(Clock::time_point now) const;
  [[nodiscard]] bool wants_read(const Pipe& pipe, Direction direction) const;
  void read_from(Pair& pair, Direction direction);
  void put_in_line(Pipe& pipe, std::string_view bytes);
  void write_to(Pair& pair, Direction direction, Clock::time_point now);
  void end_all(Ending ending);
  static void end(Pair& pair, Ending ending);
  void change(const std::function<void()>& what);

  const std::uint16_t broker_port_;
  const std::uint16_t port_;
  WakeUp wake_up_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Descriptor listener_;
  Faults faults_;
  std::optional<ByteCut> byte_cut_;
  Clock::time_point next_cut_{};
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::size_t accepted_ = 0;
  std::mt19937 random_{std::random_device{}()};
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace holdfast::support
