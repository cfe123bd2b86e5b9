#include "session/output_buffer.hpp"

#include <algorithm>

namespace holdfast::session {

namespace {
// Memory that a burst made is given back once it was written.
constexpr std::size_t scratch_kept = std::size_t{1} << 20;
}  // namespace

void OutputBuffer::append_payload(const OutboundMessagePtr& message) {
  const auto payload = message->payload();
  if (payload.size() < by_reference_from) {
    scratch_.insert(scratch_.end(), payload.begin(), payload.end());
    return;
  }
  close_scratch_piece();
  pieces_.push_back({message, payload.data(), payload.size()});
  in_pieces_ += payload.size();
}

std::uint64_t OutputBuffer::end_offset() const noexcept {
  return in_pieces_ + (scratch_.size() - scratch_in_pieces_);
}

void OutputBuffer::close_scratch_piece() {
  const std::size_t fresh = scratch_.size() - scratch_in_pieces_;
  if (fresh == 0) return;
  if (!pieces_.empty() && !pieces_.back().owner) {
    pieces_.back().size += fresh;
  } else {
    pieces_.push_back({{}, nullptr, fresh});
  }
  scratch_in_pieces_ = scratch_.size();
  in_pieces_ += fresh;
}

std::size_t OutputBuffer::gather(std::span<std::span<const std::byte>> pieces) {
  close_scratch_piece();
  std::size_t count = 0;
  const std::byte* scratch = scratch_.data() + scratch_written_;
  for (const Piece& piece : pieces_) {
    if (count == pieces.size()) break;
    pieces[count++] = {piece.owner ? piece.data : scratch, piece.size};
    if (!piece.owner) scratch += piece.size;
  }
  return count;
}

void OutputBuffer::consume(std::size_t bytes) {
  written_ += bytes;
  while (bytes != 0) {
    Piece& piece = pieces_.front();
    const std::size_t taken = std::min(bytes, piece.size);
    bytes -= taken;
    piece.size -= taken;
    if (piece.owner) {
      piece.data += taken;
    } else {
      scratch_written_ += taken;
    }
    if (piece.size == 0) pieces_.pop_front();
  }
  compact();
}

void OutputBuffer::compact() {
  if (scratch_written_ == scratch_.size()) {
    scratch_.clear();
    if (scratch_.capacity() > scratch_kept) scratch_.shrink_to_fit();
  } else if (scratch_written_ >= scratch_kept) {
    scratch_.erase(scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(scratch_written_));
  } else {
    return;
  }
  scratch_in_pieces_ -= scratch_written_;
  scratch_written_ = 0;
}

void OutputBuffer::clear() {
  *this = OutputBuffer();
}

}  // namespace holdfast::session
