#include "store/change_codec.hpp"

namespace holdfast::store {

void ChangeWriter::sent(std::uint64_t sequence, std::uint16_t identifier, QoS qos) {
  put(qos == QoS::exactly_once ? ChangeKind::sent_qos2 : ChangeKind::sent_qos1);
  put_sequence(sequence);
  put_number(bytes_, identifier);
}

void ChangeWriter::of_message(ChangeKind kind, std::uint64_t sequence) {
  put(kind);
  put_sequence(sequence);
}

void ChangeWriter::of_identifier(ChangeKind kind, std::uint16_t identifier) {
  put(kind);
  put_number(bytes_, identifier);
}

void ChangeWriter::received(std::uint16_t identifier, std::uint64_t exchange) {
  of_identifier(ChangeKind::inbound, identifier);
  put_number(bytes_, exchange);
}

void ChangeWriter::session_ended() {
  put(ChangeKind::session_ended);
}

void ChangeWriter::extend(ChangeKind kind, std::uint64_t first, std::uint64_t last) {
  if (open_ && open_kind_ == kind && first == open_last_ + 1) {
    open_last_ = last;
    return;
  }
  static_cast<void>(finish());
  open_ = true;
  open_kind_ = kind;
  open_first_ = first;
  open_last_ = last;
}

const Bytes& ChangeWriter::finish() {
  if (open_) {
    open_ = false;
    bytes_.push_back(static_cast<std::byte>(open_kind_));
    put_sequence(open_first_);
    put_number(bytes_, open_last_ - open_first_);
    base_ = open_last_;
  }
  return bytes_;
}

void ChangeWriter::clear() noexcept {
  bytes_.clear();
  base_ = 0;
  open_ = false;
}

void ChangeWriter::put(ChangeKind kind) {
  static_cast<void>(finish());
  bytes_.push_back(static_cast<std::byte>(kind));
}

void ChangeWriter::put_sequence(std::uint64_t sequence) {
  put_signed(bytes_, static_cast<std::int64_t>(sequence - base_));
  base_ = sequence;
}

bool ChangeReader::next(Change& change) noexcept {
  if (reader_.at_end() || failed_) return false;
  failed_ = !read(change) || reader_.failed();
  return !failed_;
}

bool ChangeReader::read(Change& change) noexcept {
  change = {};
  change.kind = static_cast<ChangeKind>(reader_.byte());
  switch (change.kind) {
    case ChangeKind::accepted:
    case ChangeKind::ended:
      return read_range(change);
    case ChangeKind::sent_qos1:
    case ChangeKind::sent_qos2:
      return read_sequence(change) && read_identifier(change);
    case ChangeKind::released:
    case ChangeKind::returned:
    case ChangeKind::held:
      return read_sequence(change);
    case ChangeKind::identifier:
    case ChangeKind::inbound_done:
      return read_identifier(change);
    case ChangeKind::inbound: {
      const bool named = read_identifier(change);
      change.exchange = reader_.number();
      return named;
    }
    case ChangeKind::session_ended:
      return true;
  }
  return false;
}

bool ChangeReader::read_sequence(Change& change) noexcept {
  base_ += static_cast<std::uint64_t>(reader_.signed_number());
  change.first = change.last = base_;
  return true;
}

bool ChangeReader::read_range(Change& change) noexcept {
  const bool begins = read_sequence(change);
  base_ += reader_.number();
  change.last = base_;
  return begins && change.last >= change.first;
}

bool ChangeReader::read_identifier(Change& change) noexcept {
  const std::uint64_t identifier = reader_.number();
  change.identifier = static_cast<std::uint16_t>(identifier);
  return identifier >= 1 && identifier <= 65'535;
}

}  // namespace holdfast::store
