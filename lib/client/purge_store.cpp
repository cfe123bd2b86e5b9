#include <memory>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/store.hpp>
#include <holdfast/store_file.hpp>
#include <holdfast/topic.hpp>

#include "client/check_argument.hpp"
#include "client/clock.hpp"
#include "session/record.hpp"
#include "store/store.hpp"

namespace holdfast {

namespace {

/// Has the store, and deletes from it range by range: one at a time is in memory.
class Purge {
 public:
  Purge(std::shared_ptr<Store> store, const std::optional<std::string>& filter)
      : store_(std::move(store)), filter_(filter) {}

  std::size_t run() {
    const session::Snapshot snapshot = store_->open(client::boot_time_now());
    for (const session::StoredMessage& stored : snapshot.messages) {
      if (matches(*stored.message)) remove(session::record::Held{stored.message->sequence});
    }
    commit();
    for (const session::WaitingRange& range : snapshot.waiting) {
      for (const session::OutboundMessagePtr& message : store_->load(range)) {
        if (matches(*message)) remove(session::record::Finished{message->sequence});
      }
      commit();
    }
    store_->close();
    return removed_;
  }

 private:
  [[nodiscard]] bool matches(const session::OutboundMessage& message) const {
    return !filter_ || topic_matches(*filter_, message.topic());
  }
  void remove(session::Record record) {
    journal_.push_back(std::move(record));
    ++removed_;
  }
  void commit() {
    if (!journal_.empty()) store_->commit(journal_, client::boot_time_now());
    journal_.clear();
  }

  const std::shared_ptr<Store> store_;
  const std::optional<std::string>& filter_;
  session::Journal journal_;
  std::size_t removed_ = 0;
};

}  // namespace

std::size_t purge_store(const std::filesystem::path& file, const std::optional<std::string>& topic_filter) {
  if (topic_filter && !is_valid_topic_filter(*topic_filter)) {
    throw Error(Errc::invalid_topic_filter,
                "purge \"" + client::printable(*topic_filter) +
                    "\": not a topic filter: it must be UTF-8 and not empty, + must fill a level, and # must "
                    "be the last level");
  }
  static_cast<void>(read_only_sqlite_store(file));  // Which makes none, and brings none up to date.
  // Closing it writes all through to the disk, at once.
  return Purge(sqlite_store(file, {Durability::normal}), topic_filter).run();
}

}  // namespace holdfast
