#include "bench/guard/engine_loop.hpp"

#include <array>
#include <chrono>
#include <span>
#include <stdexcept>
#include <utility>

#include "session/feed.hpp"

namespace holdfast::guard {

namespace {
// As in client/connection.cpp.
constexpr std::size_t pieces_a_write = 16;

constexpr session::TimePoint now{std::chrono::hours(1000)};
}  // namespace

EngineLoop::EngineLoop(const Options& options, Meter& meter) : engine(options, {}, 0), meter_(meter) {}

void EngineLoop::connect(bool session_present) {
  broker.keep_session(session_present);
  engine.on_connected(now);
  write();
  turn();
  if (!engine.is_connected()) throw std::runtime_error("the engine did not connect");
}

void EngineLoop::lose() {
  broker.lose();
  engine.on_disconnected(session::End::lost, now);
}

void EngineLoop::accept(std::vector<session::OutboundMessagePtr>& messages) {
  session::accept(messages, engine, outbox, now);
}

// In the order of NetworkThread::turn().
void EngineLoop::turn() {
  {
    const Meter::Pause pause(meter_);
    broker.next_turn();
  }
  engine.on_bytes(broker.arriving(), now);
  session::feed(engine, outbox, now);
  engine.journal().clear();
  write();
}

void EngineLoop::write() {
  while (!engine.output().empty()) {
    std::array<std::span<const std::byte>, pieces_a_write> pieces;
    const std::size_t count = engine.output().gather(pieces);
    std::size_t written = 0;
    {
      const Meter::Pause pause(meter_);
      for (const auto piece : std::span(pieces).first(count)) {
        broker.receive(piece);
        written += piece.size();
      }
    }
    engine.on_written(written, now);
  }
}

}  // namespace holdfast::guard
