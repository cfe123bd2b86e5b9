#include "net/handshake.hpp"

#include <array>
#include <span>

namespace holdfast::net {

IoResult HandshakeRunner::advance(ByteStream& below) {
  if (!below_is_up_) {
    const IoResult result = below.advance();
    if (result.status != IoStatus::ok) return result;
    below_is_up_ = true;
    handshake_->begin(output_);
  }
  while (step_ == Handshake::Step::going_on) {
    if (!output_.empty()) {
      const std::array pieces{std::as_bytes(std::span(output_))};
      const IoResult result = below.write(pieces);
      if (result.status != IoStatus::ok) return note(result, below);
      output_.erase(0, result.bytes);
      continue;
    }
    const IoResult result = read(below);
    if (result.status != IoStatus::ok) return result;
    std::string_view left = input_;
    step_ = handshake_->take(left, output_);
    input_.erase(0, input_.size() - left.size());
    if (step_ == Handshake::Step::failed) why_ = handshake_->fault();
  }
  return step_ == Handshake::Step::done ? IoResult{} : IoResult{IoStatus::failed, 0, failure_};
}

IoResult HandshakeRunner::read(ByteStream& below) {
  std::array<std::byte, 4096> bytes;
  const IoResult result = below.read(bytes);
  if (result.status == IoStatus::closed) {
    step_ = Handshake::Step::failed;
    why_ = end_in_words() + ": " + handshake_->doubt();
    return {IoStatus::failed, 0, failure_};
  }
  if (result.status == IoStatus::ok) {
    answered_ = true;
    input_.append(reinterpret_cast<const char*>(bytes.data()), result.bytes);
  }
  return note(result, below);
}

const IoResult& HandshakeRunner::note(const IoResult& result, const ByteStream& below) {
  if (result.status == IoStatus::failed) {
    why_ = below.failure();
    // Who closes without having read everything resets the connection.
    if (why_.empty()) why_ = end_in_words() + " (" + result.error.message() + "): " + handshake_->doubt();
  }
  return result;
}

std::string HandshakeRunner::end_in_words() const {
  return answered_ ? "the connection ended in the middle of the answer"
                   : "the connection ended without an answer";
}

short HandshakeRunner::poll_events(const ByteStream& below) const noexcept {
  if (!below_is_up_) return below.poll_events(false, false);
  return below.poll_events(output_.empty(), !output_.empty());
}

std::string HandshakeRunner::failure(const ByteStream& below) const {
  if (!why_.empty()) return why_;
  if (std::string words = below.failure(); !words.empty() || !below_is_up_) return words;
  return done() ? "" : answered_ ? "the answer has no end" : "there is no answer";
}

}  // namespace holdfast::net
