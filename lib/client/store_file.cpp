#include <holdfast/store_file.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <holdfast/error.hpp>

#include "client/clock.hpp"
#include "client/stored_properties.hpp"
#include "session/record.hpp"
#include "store/store.hpp"

namespace holdfast {

namespace {

StoreSummary summary_of(const session::Snapshot& snapshot, session::TimePoint now) {
  StoreSummary summary;
  summary.client_id = snapshot.identity.client_id;
  summary.server = snapshot.identity.server;
  summary.session_held = snapshot.held;
  summary.session_expiry = snapshot.expiry;
  if (snapshot.away_since) {
    using std::chrono::system_clock;
    const auto ago = std::chrono::duration_cast<system_clock::duration>(now - *snapshot.away_since);
    summary.last_connected = system_clock::now() - ago;
  }
  for (const session::StoredMessage& stored : snapshot.messages) {
    ++(stored.released ? summary.released : summary.in_flight);
    summary.bytes += stored.message->size();
  }
  for (const session::WaitingRange& range : snapshot.waiting) {
    summary.waiting += range.messages;
    summary.bytes += range.bytes;
  }
  summary.inbound = snapshot.inbound_received.size();
  summary.held_identifiers = snapshot.held_identifiers.size();
  for (const session::StoredSubscription& stored : snapshot.subscriptions)
    summary.subscriptions.push_back(stored.subscription);
  return summary;
}

}  // namespace

class StoreFile::Reader {
 public:
  explicit Reader(const std::filesystem::path& file)
      : file_(file),
        store_(read_only_sqlite_store(file)),
        now_(client::boot_time_now()),
        snapshot_(store_->open(now_)),
        summary_(summary_of(snapshot_, now_)) {}

  [[nodiscard]] const StoreSummary& summary() const noexcept { return summary_; }

  std::optional<PendingMessage> next() {
    if (next_sent_ < snapshot_.messages.size()) return pending(snapshot_.messages[next_sent_++]);
    while (next_loaded_ == loaded_.size()) {
      if (next_range_ == snapshot_.waiting.size()) return std::nullopt;
      loaded_ = store_->load(snapshot_.waiting[next_range_++]);
      next_loaded_ = 0;
    }
    return pending({loaded_[next_loaded_++], 0, false});
  }

 private:
  [[nodiscard]] PendingMessage pending(const session::StoredMessage& stored) const {
    const session::OutboundMessage& message = *stored.message;
    auto options = client::stored_properties(message);
    if (!options) {
      throw Error(Errc::store_failed, "store " + file_.string() +
                                          ": it is damaged: the properties of message " +
                                          std::to_string(message.sequence) + " make no sense");
    }
    PendingMessage pending;
    pending.sequence = message.sequence;
    pending.packet_identifier = stored.packet_identifier;
    if (stored.packet_identifier != 0)
      pending.progress = stored.released ? Progress::released : Progress::in_flight;
    pending.topic = message.topic();
    pending.payload = {reinterpret_cast<const char*>(message.payload().data()), message.payload().size()};
    pending.options = std::move(*options);
    pending.options.qos = message.qos;
    pending.options.retain = message.retain();
    if (message.expires_at() != session::never) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(message.expires_at() - now_);
      pending.options.message_expiry_interval = std::max(left, std::chrono::seconds(0));
    }
    return pending;
  }

  const std::filesystem::path file_;
  const std::shared_ptr<Store> store_;
  const session::TimePoint now_;
  const session::Snapshot snapshot_;
  const StoreSummary summary_;
  std::size_t next_sent_ = 0;
  std::size_t next_range_ = 0;
  std::vector<session::OutboundMessagePtr> loaded_;  // Of the last range: they wait.
  std::size_t next_loaded_ = 0;
};

StoreFile::StoreFile(const std::filesystem::path& file) : reader_(std::make_unique<Reader>(file)) {}
StoreFile::~StoreFile() = default;
StoreFile::StoreFile(StoreFile&&) noexcept = default;
StoreFile& StoreFile::operator=(StoreFile&&) noexcept = default;

const StoreSummary& StoreFile::summary() const noexcept {
  return reader_->summary();
}

std::optional<PendingMessage> StoreFile::next() {
  return reader_->next();
}

}  // namespace holdfast
