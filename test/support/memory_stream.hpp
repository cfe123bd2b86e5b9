// A byte stream in memory, whose peer is the test: what lies below a layer under test or under fuzz.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/byte_stream.hpp"

namespace holdfast::support {

/// The peer's side; it outlives the stream.
struct MemoryPeer {
  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

  std::string to_read;                                  ///< What the stream reads next.
  std::size_t read_at_most = unlimited;                 ///< At a time.
  net::IoResult at_end = {net::IoStatus::would_block};  ///< What a read gives once to_read is empty.
  std::string written;                                  ///< What the stream wrote.
  std::size_t room = unlimited;                         ///< How much more it may write.
  net::IoResult write_failure = {};                     ///< Not `ok`: what a write gives.
  net::IoResult connecting = {};                        ///< What advance() gives.
  std::string failure = {};
  std::size_t reads = 0;
  std::size_t writes = 0;

  /// What was written since the last call.
  std::string take_written() { return std::exchange(written, {}); }
};

class MemoryStream final : public net::ByteStream {
 public:
  explicit MemoryStream(std::shared_ptr<MemoryPeer> peer) : peer_(std::move(peer)) {}

  [[nodiscard]] int descriptor() const noexcept override { return -1; }
  [[nodiscard]] short poll_events(bool want_read, bool want_write) const noexcept override {
    if (peer_->connecting.status != net::IoStatus::ok) return POLLPRI;
    return static_cast<short>((want_read ? POLLIN : 0) | (want_write ? POLLOUT : 0));
  }
  net::IoResult advance() override { return peer_->connecting; }

  net::IoResult read(std::span<std::byte> into) override {
    ++peer_->reads;
    std::string& left = peer_->to_read;
    if (left.empty()) return peer_->at_end;
    const std::size_t size = std::min({left.size(), into.size(), peer_->read_at_most});
    std::memcpy(into.data(), left.data(), size);
    left.erase(0, size);
    return {net::IoStatus::ok, size};
  }

  net::IoResult write(std::span<const std::span<const std::byte>> pieces) override {
    ++peer_->writes;
    if (peer_->write_failure.status != net::IoStatus::ok) return peer_->write_failure;
    std::size_t written = 0;
    for (const auto piece : pieces) {
      const std::size_t part = std::min(piece.size(), peer_->room);
      peer_->written.append(reinterpret_cast<const char*>(piece.data()), part);
      if (peer_->room != MemoryPeer::unlimited) peer_->room -= part;
      written += part;
    }
    return written != 0 ? net::IoResult{net::IoStatus::ok, written}
                        : net::IoResult{net::IoStatus::would_block};
  }

  [[nodiscard]] std::string failure() const override { return peer_->failure; }
  void shutdown_write() noexcept override {}

 private:
  const std::shared_ptr<MemoryPeer> peer_;
};

}  // namespace holdfast::support
