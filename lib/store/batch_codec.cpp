#include "store/batch_codec.hpp"

#include "store/store_clock.hpp"

namespace holdfast::store {

namespace {

// A head is: flags, how far its sequence is from the one before, when it expires if it does, three sizes.
constexpr std::uint8_t qos_bits = 0x03;
constexpr std::uint8_t retain_bit = 0x04;
constexpr std::uint8_t expires_bit = 0x08;
constexpr std::uint8_t unknown_bits = 0xF0;

constexpr std::uint64_t topic_max = 65'535;
constexpr std::uint64_t part_max = std::uint64_t{1} << 30;  // SQLite holds less than that in a row.
constexpr std::int64_t time_max = StoreClock::time_max.count();

}  // namespace

void BatchWriter::add(const MessageHead& head) {
  if (messages_ == 0) first_ = last_ = head.sequence;
  const int flags =
      static_cast<int>(head.qos) | (head.retain ? retain_bit : 0) | (head.expires_at ? expires_bit : 0);
  heads_.push_back(static_cast<std::byte>(flags));
  put_number(heads_, head.sequence - last_);
  if (head.expires_at) put_signed(heads_, head.expires_at->count());
  put_number(heads_, head.topic_size);
  put_number(heads_, head.properties_size);
  put_number(heads_, head.payload_size);
  last_ = head.sequence;
  ++messages_;
}

void BatchWriter::clear() noexcept {
  messages_ = 0;
  heads_.clear();
  bodies_.clear();
}

bool HeadReader::next(MessageHead& head) noexcept {
  if (reader_.at_end() || failed_) return false;
  failed_ = !read(head);
  return !failed_;
}

bool HeadReader::read(MessageHead& head) noexcept {
  const std::uint8_t flags = reader_.byte();
  const std::uint64_t step = reader_.number();
  const std::int64_t expires_at = (flags & expires_bit) != 0 ? reader_.signed_number() : 0;
  const std::uint64_t topic = reader_.number();
  const std::uint64_t properties = reader_.number();
  const std::uint64_t payload = reader_.number();
  const bool ascends = first_ ? step == 0 : step != 0 && sequence_ + step > sequence_;
  if (reader_.failed() || !ascends || (flags & unknown_bits) != 0 || (flags & qos_bits) > 2) return false;
  if (topic > topic_max || properties > part_max || payload > part_max) return false;
  if (expires_at > time_max || expires_at < -time_max) return false;
  first_ = false;
  sequence_ += step;
  head = {.sequence = sequence_,
          .qos = static_cast<QoS>(flags & qos_bits),
          .retain = (flags & retain_bit) != 0,
          .expires_at = std::nullopt,
          .topic_size = static_cast<std::size_t>(topic),
          .properties_size = static_cast<std::size_t>(properties),
          .payload_size = static_cast<std::size_t>(payload)};
  if ((flags & expires_bit) != 0) head.expires_at = std::chrono::milliseconds(expires_at);
  return true;
}

session::OutboundMessagePtr make_message(const MessageHead& head, std::span<const std::byte> body,
                                         session::TimePoint expires_at) {
  const auto topic = body.first(head.topic_size);
  auto message = session::OutboundMessage::make(
      {.topic = {reinterpret_cast<const char*>(topic.data()), topic.size()},
       .payload = body.subspan(head.topic_size + head.properties_size, head.payload_size),
       .qos = head.qos,
       .retain = head.retain,
       .properties = body.subspan(head.topic_size, head.properties_size),
       .expires_at = expires_at});
  message->sequence = head.sequence;
  return message;
}

}  // namespace holdfast::store
