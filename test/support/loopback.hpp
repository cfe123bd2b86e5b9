// TCP on 127.0.0.1 as the tests' own peers use it: non-blocking, close-on-exec, without Nagle's delay. Every
// function throws std::system_error when the system refuses.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "support/descriptor.hpp"

namespace holdfast::support {

/// A port that nothing uses now, and no other test process until this one ends. It is below the range from
/// which the system takes the ports of outgoing connections: so a peer may close its listener and open it
/// again on the same port.
[[nodiscard]] std::uint16_t free_port();

/// A URL by which the port is reached over the transport under test: "mqtt://127.0.0.1:port" for TCP, else
/// that of a Gateway before it. (Defined in transport.cpp.)
[[nodiscard]] std::string server_at(std::uint16_t port);

/// Listens. A `receive_buffer` above 0 is inherited by what is accepted: with a small one a peer that stops
/// reading is noticed soon.
[[nodiscard]] Descriptor listen_on(std::uint16_t port, int receive_buffer = 0);

/// Closes a listener so that connections are refused from now on, even if another thread polls it.
void stop_listening(Descriptor& listener) noexcept;

/// The next waiting connection; empty if none waits.
[[nodiscard]] Descriptor accept_from(const Descriptor& listener);

/// Begins to connect. A refusal shows at the first read or write. A `receive_buffer` above 0 makes the peer
/// feel soon that nothing is read here.
[[nodiscard]] Descriptor connect_to(std::uint16_t port, int receive_buffer = 0);

/// Whether somebody accepts connections on the port.
[[nodiscard]] bool is_listening(std::uint16_t port);

/// Closes with RST instead of FIN: the peer's unread bytes are lost, as when a machine dies.
void reset(Descriptor& connection) noexcept;

/// Readable after signal() until drained: wakes a thread that polls.
class WakeUp {
 public:
  WakeUp();
  void signal() const noexcept;
  void drain() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

 private:
  Descriptor event_;
};

}  // namespace holdfast::support
