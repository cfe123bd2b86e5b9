// What two ends say to each other before a stream's own bytes begin: to a proxy, to a WebSocket server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "net/byte_stream.hpp"

namespace holdfast::net {

/// Our side of the talk. No I/O.
class Handshake {
 public:
  enum class Step : std::uint8_t {
    going_on,
    done,
    failed,  ///< fault() says why.
  };

  Handshake() = default;
  virtual ~Handshake() = default;
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  /// Appends what is to be sent first.
  virtual void begin(std::string& output) = 0;
  /// Takes from `input`, which is not empty, what belongs to the handshake, and appends what is to be sent
  /// next.
  virtual Step take(std::string_view& input, std::string& output) = 0;
  /// One clause for people.
  [[nodiscard]] virtual std::string fault() const = 0;
  /// What to ask oneself of a peer that does not talk so: "is this an HTTP proxy?".
  [[nodiscard]] virtual const char* doubt() const noexcept = 0;
};

/// Goes through a handshake over a stream that may still be connecting.
class HandshakeRunner {
 public:
  /// `failure` is the error of a handshake that fails.
  HandshakeRunner(std::unique_ptr<Handshake> handshake, std::error_code failure)
      : handshake_(std::move(handshake)), failure_(failure) {}

  /// As ByteStream::advance().
  IoResult advance(ByteStream& below);
  [[nodiscard]] bool done() const noexcept { return step_ == Handshake::Step::done; }
  [[nodiscard]] short poll_events(const ByteStream& below) const noexcept;
  /// What came behind the handshake: bytes of the stream.
  [[nodiscard]] std::string& rest() noexcept { return input_; }
  [[nodiscard]] const std::string& rest() const noexcept { return input_; }
  /// Why it failed, or what it waits for: one clause, or nothing where `below` knows better.
  [[nodiscard]] std::string failure(const ByteStream& below) const;

 private:
  IoResult read(ByteStream& below);
  [[nodiscard]] std::string end_in_words() const;
  const IoResult& note(const IoResult& result, const ByteStream& below);

  const std::unique_ptr<Handshake> handshake_;
  const std::error_code failure_;
  Handshake::Step step_ = Handshake::Step::going_on;
  bool below_is_up_ = false;
  bool answered_ = false;
  std::string output_;
  std::string input_;
  std::string why_;
};

}  // namespace holdfast::net
