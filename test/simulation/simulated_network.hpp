// A connection between the client and the broker: two streams of bytes with delays, splits, short writes,
// cuts at any byte, and stretches in which nothing arrives.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "session/time.hpp"
#include "simulation/random.hpp"
#include "simulation/scenario.hpp"

namespace holdfast::simulation {

/// Bytes on their way in one direction: in order, each piece with the time of its arrival.
class Pipe {
 public:
  void write(std::string_view bytes, session::TimePoint arrives);
  /// What has arrived, `max` bytes at most.
  [[nodiscard]] std::string read(session::TimePoint now, std::size_t max);
  /// The writer sends nothing more: the reader sees the end behind the last byte.
  void end() noexcept { ended_ = true; }
  /// Only the first `bytes` of what is under way still arrive; then the stream ends.
  void cut(std::size_t bytes);
  /// The reader has seen the end.
  [[nodiscard]] bool at_end() const noexcept { return ended_ && size_ == 0; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] session::TimePoint next_arrival() const noexcept {
    return pieces_.empty() ? session::never : pieces_.front().arrives;
  }

 private:
  struct Piece {
    std::string bytes;
    session::TimePoint arrives;
  };
  std::deque<Piece> pieces_;
  std::size_t taken_ = 0;  // Of the first piece.
  std::size_t size_ = 0;
  bool ended_ = false;
};

/// One TCP connection. Each side reads, writes and closes its own end; the network does the rest.
class Link {
 public:
  enum class Side { client, broker };

  Link(const Weather& weather, Random& random) : weather_(weather), random_(random) {}

  /// Takes as much as the system's buffer holds; the number of bytes taken.
  std::size_t write(Side from, std::string_view bytes, session::TimePoint now);
  [[nodiscard]] std::string read(Side at, session::TimePoint now);
  /// The other side has closed, or the network has cut the connection, and all that came was read.
  [[nodiscard]] bool at_end(Side at) const noexcept { return !dark_ && pipe_to(at).at_end(); }
  /// This side is gone: what it wrote still arrives, what comes for it is lost.
  void close(Side side);

  // ---- The network's doing ----

  void reset();
  void go_dark() noexcept { dark_ = true; }
  void stall_until(session::TimePoint until) noexcept { stalled_until_ = until; }

  /// Nothing is under way, and what is written arrives.
  [[nodiscard]] bool quiet() const noexcept { return !dark_ && to_client_.size() + to_broker_.size() == 0; }
  /// When something is to be read next.
  [[nodiscard]] session::TimePoint next_arrival() const noexcept;

 private:
  [[nodiscard]] Pipe& pipe_to(Side side) noexcept { return side == Side::client ? to_client_ : to_broker_; }
  [[nodiscard]] const Pipe& pipe_to(Side side) const noexcept {
    return side == Side::client ? to_client_ : to_broker_;
  }

  const Weather& weather_;
  Random& random_;
  Pipe to_client_;
  Pipe to_broker_;
  session::TimePoint last_arrival_[2] = {};  // A stream keeps its order whatever the delays.
  session::TimePoint stalled_until_{};
  bool dark_ = false;
  bool closed_[2] = {false, false};
};

}  // namespace holdfast::simulation
