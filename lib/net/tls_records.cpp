#include "net/tls_records.hpp"

#include <algorithm>
#include <cstring>

namespace holdfast::net {

namespace {
constexpr std::size_t header_size = 5;
constexpr std::size_t record_size_max = (std::size_t{1} << 14) + 2048;  // [RFC 5246, 6.2.3]
// Three of the largest records, so that a fast peer costs one system call for several.
constexpr std::size_t read_ahead = std::size_t{64} << 10;
}  // namespace

bool RecordInput::plausible() const noexcept {
  const unsigned char* header = buffer_.data() + begin_;
  const std::size_t size = static_cast<std::size_t>(header[3]) << 8 | header[4];
  return header[0] >= 20 && header[0] <= 24 && header[1] == 3 && size <= record_size_max;
}

std::size_t RecordInput::front_record() const noexcept {
  const std::size_t waiting = end_ - begin_;
  if (garbage_ || waiting < header_size) return garbage_ ? waiting : 0;
  // What is no record mbedTLS shall see at once, to say so: whoever does not speak TLS may send no more.
  if (!plausible()) return waiting;
  const unsigned char* header = buffer_.data() + begin_;
  const std::size_t size = header_size + (static_cast<std::size_t>(header[3]) << 8 | header[4]);
  return waiting >= size ? size : 0;
}

std::size_t RecordInput::take(unsigned char* into, std::size_t size) {
  if (record_left_ == 0) {
    record_left_ = front_record();
    if (record_left_ == 0) return 0;
    garbage_ = garbage_ || !plausible();
  }
  const std::size_t taken = std::min(size, record_left_);
  std::memcpy(into, buffer_.data() + begin_, taken);
  begin_ += taken;
  record_left_ -= taken;
  taken_ += taken;
  return taken;
}

std::span<std::byte> RecordInput::room() {
  if (buffer_.empty()) buffer_.resize(read_ahead);
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return std::as_writable_bytes(std::span(buffer_).subspan(end_));
}

IoResult RecordOutput::flush(ByteStream& below) {
  while (!empty()) {
    const std::span<const std::byte> piece = std::as_bytes(std::span(bytes_).subspan(begin_));
    const IoResult result = below.write(std::span(&piece, 1));
    if (result.status == IoStatus::would_block) return {};
    if (result.status != IoStatus::ok) return result;
    begin_ += result.bytes;
    flushed_ += result.bytes;
  }
  bytes_.clear();
  begin_ = 0;
  return {};
}

std::size_t RecordOutput::take_written() {
  std::size_t plain = 0;
  while (!records_.empty() && records_.front().end <= flushed_) {
    plain += records_.front().plain;
    records_.pop_front();
  }
  return plain;
}

}  // namespace holdfast::net
