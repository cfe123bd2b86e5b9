// The two buffers between mbedTLS and the stream below it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "net/byte_stream.hpp"

namespace holdfast::net {

/// Reads ahead, and hands mbedTLS whole records only: so it is known whether there is one to be read, and no
/// half of one waits inside mbedTLS.
class RecordInput {
 public:
  /// Up to `size` bytes of the record at the front; 0 if there is no whole one.
  std::size_t take(unsigned char* into, std::size_t size);
  /// Whether take() would give something.
  [[nodiscard]] bool has_record() const noexcept { return record_left_ != 0 || front_record() != 0; }
  /// Bytes that take() has given so far.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
  /// Room for what is read from below; commit() what came.
  [[nodiscard]] std::span<std::byte> room();
  void commit(std::size_t bytes) noexcept { end_ += bytes; }
  /// Whether anything came at all, and whether that was not TLS.
  [[nodiscard]] bool anything() const noexcept { return taken_ != 0 || end_ != begin_; }
  [[nodiscard]] bool garbage() const noexcept { return garbage_; }

 private:
  [[nodiscard]] std::size_t front_record() const noexcept;
  [[nodiscard]] bool plausible() const noexcept;

  std::vector<unsigned char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t record_left_ = 0;  ///< Of the record that take() has begun.
  std::uint64_t taken_ = 0;
  bool garbage_ = false;
};

/// Collects records so that several leave in one write, and knows when the plain bytes in them have left.
class RecordOutput {
 public:
  void append(const unsigned char* bytes, std::size_t size) {
    bytes_.insert(bytes_.end(), bytes, bytes + size);
  }
  /// All that was appended so far carries `plain` bytes more.
  void end_record(std::size_t plain) { records_.push_back({flushed_ + (bytes_.size() - begin_), plain}); }
  [[nodiscard]] bool empty() const noexcept { return begin_ == bytes_.size(); }
  /// Whether plain bytes are not reported by take_written() yet.
  [[nodiscard]] bool has_unreported() const noexcept { return !records_.empty(); }
  /// Writes as much as goes: `ok`, also if not all went.
  IoResult flush(ByteStream& below);
  /// The plain bytes whose records have left since the last call.
  [[nodiscard]] std::size_t take_written();

 private:
  struct Record {
    std::uint64_t end;
    std::size_t plain;
  };
  std::vector<unsigned char> bytes_;
  std::size_t begin_ = 0;
  std::uint64_t flushed_ = 0;
  std::deque<Record> records_;
};

}  // namespace holdfast::net
