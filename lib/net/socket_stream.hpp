// A socket: TCP, or a Unix domain socket.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/address.hpp"
#include "net/byte_stream.hpp"
#include "net/file_descriptor.hpp"

namespace holdfast::net {

struct TcpOptions {
  bool no_delay = true;                                                  ///< TCP_NODELAY
  bool keep_alive = true;                                                ///< SO_KEEPALIVE
  std::optional<std::chrono::milliseconds> user_timeout = std::nullopt;  ///< TCP_USER_TIMEOUT
  std::optional<int> send_buffer = std::nullopt;                         ///< SO_SNDBUF
  std::optional<int> receive_buffer = std::nullopt;                      ///< SO_RCVBUF
  std::string bind_address = {};                                         ///< Numeric.
  std::string bind_device = {};                                          ///< SO_BINDTODEVICE
};

class SocketStream final : public ByteStream {
 public:
  /// Begins to connect; the options are for TCP alone. Throws std::system_error that names what the system
  /// refused: an option, the device,
  /// ...
  [[nodiscard]] static std::unique_ptr<SocketStream> start_connect(const Address& address,
                                                                   const TcpOptions& options);

  [[nodiscard]] int descriptor() const noexcept override { return socket_.get(); }
  [[nodiscard]] short poll_events(bool want_read, bool want_write) const noexcept override;
  IoResult advance() override;
  IoResult read(std::span<std::byte> into) override;
  IoResult write(std::span<const std::span<const std::byte>> pieces) override;
  void shutdown_write() noexcept override;

 private:
  explicit SocketStream(FileDescriptor socket) noexcept : socket_(std::move(socket)) {}

  FileDescriptor socket_;
  bool connected_ = false;
};

}  // namespace holdfast::net
