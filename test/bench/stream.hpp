// What the sink and the bare-socket client read from and write to: a connection that never blocks.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/descriptor.hpp"

namespace holdfast::bench {

/// The stream ended.
struct EndOfStream {};

class Stream {
 public:
  virtual ~Stream() = default;
  /// How many bytes were read; 0 when there is nothing to read now. Throws EndOfStream.
  virtual std::size_t read(std::span<char> into) = 0;
  /// How many bytes were taken; 0 when there is no room now. Throws EndOfStream.
  virtual std::size_t write(std::string_view bytes) = 0;
  /// Waits until there is something to read, or room to write where `writing`.
  virtual void wait(bool writing) = 0;
};

class SocketStream : public Stream {
 public:
  explicit SocketStream(support::Descriptor connection) : connection_(std::move(connection)) {}
  std::size_t read(std::span<char> into) override;
  std::size_t write(std::string_view bytes) override;
  void wait(bool writing) override;

 protected:
  [[nodiscard]] const support::Descriptor& connection() const { return connection_; }

 private:
  support::Descriptor connection_;
};

/// How a connection is read from and written to.
using MakeStream = std::function<std::unique_ptr<Stream>(support::Descriptor)>;

/// TCP alone.
std::unique_ptr<Stream> make_plain(support::Descriptor connection);

/// Bytes on their way out.
class Output {
 public:
  [[nodiscard]] bool empty() const { return bytes_.size() == written_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - written_; }
  /// Where to append.
  [[nodiscard]] std::string& bytes() { return bytes_; }
  /// Writes what the stream takes now.
  void write_to(Stream& stream) {
    if (empty()) return;
    written_ += stream.write(std::string_view(bytes_).substr(written_));
    if (!empty()) return;
    bytes_.clear();
    written_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t written_ = 0;
};

/// Waits until `descriptor` can be read, or written to where `writing`.
void wait_for(const support::Descriptor& descriptor, bool writing);

}  // namespace holdfast::bench
