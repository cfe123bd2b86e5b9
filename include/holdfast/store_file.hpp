// What the file of a sqlite_store() holds: for tools, and for programs that show their backlog.
//
//     holdfast::StoreFile file("/var/lib/pump/session.db");
//     std::cout << file.summary().messages() << " messages wait for " << file.summary().server << '\n';
//     while (auto message = file.next()) std::cout << message->topic << '\n';
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/publish_options.hpp>
#include <holdfast/subscription.hpp>

namespace holdfast {

/// How far a message in a store has come.
enum class Progress : std::uint8_t {
  waiting,    ///< Not sent yet, or to be sent anew.
  in_flight,  ///< Sent, or about to be, and not acknowledged.
  released,   ///< QoS 2, and the broker has taken it over (PUBREC): it is not sent again, only PUBREL is.
};

/// A message that has not ended. It can be published elsewhere as it is; the views live until the next call
/// of StoreFile::next().
struct PendingMessage {
  /// Its place in the order of acceptance, from 1.
  std::uint64_t sequence = 0;
  /// How far it has come.
  Progress progress = Progress::waiting;
  /// 0 while it waits. [MQTT 5, 2.2.1]
  std::uint16_t packet_identifier = 0;
  /// Its topic name.
  std::string_view topic;
  /// Any bytes, perhaps none.
  std::string_view payload;
  /// With the QoS in force, and as message expiry interval what is left of it: 0 if it has expired, and will
  /// be dropped unless it was sent.
  PublishOptions options;
};

/// All that a store's file holds but the messages.
struct StoreSummary {
  std::string
      client_id;       ///< In force: configured or assigned by the broker. Empty before the first connection.
  std::string server;  ///< host:port, or those of a cluster with a space between them. Likewise.
  /// Whether the next Client finds a session to resume, as far as this side knows.
  bool session_held = false;
  /// How long the broker keeps it after the connection, as agreed on; `never_expires`.
  std::chrono::seconds session_expiry{0};
  /// When the connection was last known to be up, to half a minute; absent before the first one.
  std::optional<std::chrono::system_clock::time_point> last_connected;
  std::size_t waiting = 0;    ///< Messages: see Progress.
  std::size_t in_flight = 0;  ///< Likewise.
  std::size_t released = 0;   ///< Likewise.
  std::size_t bytes = 0;      ///< Of all of them, as Options::outbox_bytes_max counts.
  std::size_t inbound = 0;    ///< Messages of QoS 2 that were received and not released by the broker.
  /// Packet identifiers that stay taken although their message has ended, see purge_store().
  std::size_t held_identifiers = 0;
  std::vector<TopicFilter> subscriptions;  ///< That are made again when the session is lost.

  /// All that have not ended.
  [[nodiscard]] std::size_t messages() const noexcept { return waiting + in_flight + released; }
};

/// A look into a store's file as it is when this is made, whoever has it and whatever becomes of it
/// meanwhile. Takes, makes and changes nothing, and holds few messages in memory at a time. Not to be kept:
/// as long as it lives, FILE-wal of a Client at work grows. One thread at a time.
class StoreFile {
 public:
  /// Throws Error (Errc::store_failed) if there is no such file, if it cannot be read, is damaged, not a
  /// store, or was written by an older or newer version.
  explicit StoreFile(const std::filesystem::path& file);
  ~StoreFile();
  ///@{
  /// Takes over; the other one can only be destroyed or assigned to then.
  StoreFile(StoreFile&&) noexcept;
  StoreFile& operator=(StoreFile&&) noexcept;
  ///@}

  /// All but the messages. Lives as long as this object.
  [[nodiscard]] const StoreSummary& summary() const noexcept;
  /// The next message in the order in which they would be sent; empty after the last one. Throws as the
  /// constructor, and if a Client began with a file that nobody had: look again then.
  [[nodiscard]] std::optional<PendingMessage> next();

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

/// Deletes the messages in a store's file whose topic the filter matches, or all of them; returns how many.
/// Where the broker may know one by its packet identifier (in flight, or released), that identifier stays
/// taken until the session ends, so that the broker does not mistake another message for it; what the broker
/// makes of that message nobody can know. An exception leaves deleted what was deleted before it. Throws
/// Error: Errc::store_failed as StoreFile, or if a process has the file; Errc::invalid_topic_filter.
std::size_t purge_store(const std::filesystem::path& file,
                        const std::optional<std::string>& topic_filter = std::nullopt);

}  // namespace holdfast
