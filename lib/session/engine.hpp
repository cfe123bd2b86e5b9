// One MQTT session of a client, over all its connections: a state machine without clock, socket, thread,
// store or log.
//
// Inputs say what happened, and when; time never runs backwards. After each input the outputs are taken, in
// this order: journal() is committed; then the bytes of output() may be written; then what was received, what
// has ended, and the events are handed on. No byte that promises something is in output() before its record
// is in journal().
//
// Where the parts are: engine.cpp has the inputs and the deadlines, engine_connect.cpp the handshake and what
// a session present, lost or ended means, engine_protocol.cpp which version of MQTT is spoken,
// engine_publish.cpp messages on their way out, engine_receive.cpp messages coming in, engine_subscribe.cpp
// the subscriptions, engine_authenticate.cpp AUTH. [MQTT 5, 4]
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/connect_properties.hpp>
#include <holdfast/event.hpp>
#include <holdfast/options.hpp>

#include "session/fifo.hpp"
#include "session/in_flight.hpp"
#include "session/inbound_message.hpp"
#include "session/inbound_window.hpp"
#include "session/message_blocks.hpp"
#include "session/outbound_message.hpp"
#include "session/output_buffer.hpp"
#include "session/reconnect_policy.hpp"
#include "session/record.hpp"
#include "session/subscriptions.hpp"
#include "session/time.hpp"
#include "session/topic_aliases.hpp"
#include "wire/decoded.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/packets.hpp"
#include "wire/version.hpp"

namespace holdfast::session {

/// Why the engine wants its connection closed, or how a closed one had ended. What is in output() may still
/// be written first, if it goes without waiting.
struct Closing {
  End end = End::lost;
  std::error_code error;
  std::optional<ReasonCode> reason_code;  ///< Of the DISCONNECT or CONNACK that came, or of ours.
  std::string reason_string;              ///< The broker's.
  std::string what;                       ///< One line for people.
  std::optional<std::string> server_reference;
  UserProperties user_properties = {};  ///< The broker's.
};

/// The answer to a subscription request.
struct SubscriptionAnswer {
  SubscriptionRequest request;
  std::vector<ReasonCode> codes;  ///< One a filter, in order; empty if it could not be sent.
  std::optional<Errc> failure;
  std::string what;
  std::string reason_string = {};  ///< The broker's.
};

/// How a re-authentication ended.
struct AuthenticationOutcome {
  std::optional<Errc> failure;
  std::string what;
  std::optional<ReasonCode> reason_code;  ///< The broker's, as its Reason String.
  std::string reason_string;
};

/// Counters of what only the engine sees; see Statistics for their meaning.
struct EngineCounters {
  std::uint64_t connects = 0;
  std::uint64_t sessions_resumed = 0;
  std::uint64_t sessions_lost = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;
  std::uint64_t expired = 0;
  std::uint64_t outbox_dropped = 0;
  std::uint64_t superseded = 0;
  std::uint64_t replayed = 0;
  std::uint64_t republished = 0;
  std::uint64_t duplicates_suppressed = 0;
  std::uint64_t payloads_refused = 0;
  std::uint64_t receive_maximum_overruns = 0;
  std::uint64_t oversized_packets = 0;
  std::uint64_t exactly_once_lowered = 0;
  std::uint64_t redeliveries_without_dup = 0;
  std::uint64_t identifiers_reused = 0;
  std::uint64_t unexpected_acknowledgements = 0;
  std::uint64_t other_violations = 0;
};

/// How many QoS 2 messages are in flight where a broker of MQTT 3.1.1 cannot tell how many it takes. More
/// than its max_inflight_messages, 20 by default, mosquitto acknowledges and drops.
inline constexpr std::size_t exactly_once_max_in_3_1_1 = 20;

class Engine {
 public:
  /// `options` must outlive the engine and have passed their check. `seed` chooses where packet identifiers
  /// start.
  Engine(const Options& options, Snapshot&& snapshot, std::uint32_t seed);

  // ---- Inputs ----

  /// Credentials and will for the connections to come.
  void set_identity(std::optional<std::string> user_name, std::optional<std::string> password,
                    std::optional<Will> will);
  /// A byte stream to the broker is up: CONNECT goes out.
  void on_connected(TimePoint now);
  void on_bytes(std::span<const std::byte> bytes, TimePoint now);
  /// The first `bytes` of output() were written.
  void on_written(std::size_t bytes, TimePoint now);
  /// The byte stream is gone, for whatever reason.
  void on_disconnected(End end, TimePoint now);
  /// A call too early changes nothing.
  void on_deadline(TimePoint now);
  /// Sends PINGREQ if it is due, as on_deadline() does too, and judges nothing; whether it did. With nothing
  /// else waiting to be written, it need not wait for a commit: it promises nothing.
  bool ping_if_due(TimePoint now);
  /// Whether this message may be given to publish() now: the connection is up, the send quota is not used up,
  /// an identifier is free, everything of the session was sent again, Options::replay_rate allows it, and not
  /// too much waits to be written.
  [[nodiscard]] bool can_publish(const OutboundMessage& message) const noexcept;
  void publish(OutboundMessagePtr message, TimePoint now);
  /// Sends what has its turn before new messages: subscription requests, and more of what a resumed session
  /// has to send again, as far as identifiers, quota and output allow.
  void replay(TimePoint now);
  /// Whether replay() would send again now.
  [[nodiscard]] bool can_replay() const noexcept;
  void request(SubscriptionRequest request, TimePoint now);
  /// Several hold a received message; each will acknowledge it.
  void share(InboundToken token, std::uint32_t holders) { inbound_.share(token, holders); }
  void acknowledge(InboundToken token) { inbound_.acknowledge(token); }
  void acknowledge(InboundAnswer&& answer) { inbound_.acknowledge(std::move(answer)); }
  /// Sends the acknowledgements whose turn has come. Apart from acknowledge() so that a batch is scanned
  /// once.
  void send_acknowledgements(TimePoint now);
  void disconnect(const DisconnectOptions& options, TimePoint now);
  /// Begins to authenticate again; what becomes of it is in authentications(). Joins one under way.
  void reauthenticate(TimePoint now);
  /// Whether the connection is being read. While it is not, no answer can be missed.
  void set_reading(bool reading, TimePoint now);
  /// Where the next connections go: the server_group() of the server. One that has nothing in common with the
  /// group that has the session is asked for a clean start.
  void set_servers(std::string group) { servers_ = std::move(group); }
  /// The one of them that the next connection leads to: for Protocol::automatic.
  void set_endpoint(std::string endpoint) { endpoint_ = std::move(endpoint); }
  /// Messages with sequences up to this one waited when the next connection was made: Options::replay_rate
  /// holds for them.
  void set_backlog_end(std::uint64_t sequence) noexcept { backlog_end_ = sequence; }
  /// A message that waited elsewhere ends.
  void give_up(OutboundMessagePtr message, Errc why) { finish(std::move(message), why); }
  /// The client ends: these messages end with Errc::closed for their Deliveries, while a store keeps them.
  void abandon(OutboundMessagePtr message);
  void abandon_all();

  // ---- Outputs ----

  [[nodiscard]] Journal& journal() noexcept { return journal_; }
  [[nodiscard]] OutputBuffer& output() noexcept { return output_; }
  [[nodiscard]] std::vector<InboundMessage::Ptr>& received() noexcept { return received_; }
  /// Messages that have ended; their outcome is in them.
  [[nodiscard]] std::vector<OutboundMessagePtr>& finished() noexcept { return finished_; }
  /// Messages that belong into the outbox again, ahead of all others there.
  [[nodiscard]] std::vector<OutboundMessagePtr>& returned() noexcept { return returned_; }
  [[nodiscard]] std::vector<SubscriptionAnswer>& answers() noexcept { return answers_; }
  [[nodiscard]] std::vector<AuthenticationOutcome>& authentications() noexcept { return authentications_; }
  [[nodiscard]] std::vector<Event>& events() noexcept { return events_; }
  /// What the broker broke and was forgiven for, each told once.
  [[nodiscard]] std::vector<std::string_view>& tolerated() noexcept { return tolerated_; }
  /// Set once the connection is to be closed; nothing is sent or read any more then.
  [[nodiscard]] const std::optional<Closing>& closing() const noexcept { return closing_; }
  [[nodiscard]] TimePoint deadline() const noexcept;

  // ---- Getters ----

  [[nodiscard]] bool is_connected() const noexcept { return phase_ == Phase::connected; }
  /// CONNACK with success came on this connection, whatever happened since.
  [[nodiscard]] bool is_up() const noexcept { return accepted_; }
  /// Every message in flight.
  [[nodiscard]] std::vector<OutboundMessagePtr> messages() const;

  /// What this connection, or the last one, speaks: mqtt_5 or mqtt_3_1_1.
  [[nodiscard]] Protocol protocol() const noexcept {
    return version_ == wire::Version::mqtt_5 ? Protocol::mqtt_5 : Protocol::mqtt_3_1_1;
  }
  [[nodiscard]] const BrokerLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] const std::string& client_id() const noexcept { return client_id_; }
  /// The group that has the session; empty if there is none.
  [[nodiscard]] std::string_view session_servers() const noexcept {
    return session_held_ && !clean_start_ ? std::string_view(session_servers_) : std::string_view();
  }
  [[nodiscard]] const EngineCounters& counters() const noexcept { return counters_; }
  /// Messages in flight.
  [[nodiscard]] std::size_t in_flight() const noexcept { return messages_in_flight_; }

 private:
  /// The life of a connection. In brackets: what may follow.
  enum class Phase : std::uint8_t {
    disconnected,  ///< No byte stream. [handshake]
    handshake,  ///< CONNECT sent, CONNACK awaited; nothing else is sent. [connected, closing, disconnected]
    connected,  ///< CONNACK with success. [closing, disconnected]
    closing,    ///< closing() is set: an error, a refusal or a goodbye. [disconnected]
  };
  /// Everything that happens by itself at a time.
  enum class Timer : std::uint8_t {
    connack,
    ping_due,
    ping_response,
    acknowledgement,
    replay,
    authentication,
    count
  };

  // engine.cpp
  void set_timer(Timer timer, TimePoint at) noexcept { timers_[static_cast<std::size_t>(timer)] = at; }
  [[nodiscard]] TimePoint timer(Timer timer) const noexcept {
    return timers_[static_cast<std::size_t>(timer)];
  }
  [[nodiscard]] bool due(Timer which, TimePoint now) const noexcept { return timer(which) <= now; }
  void schedule_ping(TimePoint now) noexcept;
  void check_ping(TimePoint now);
  void check_acknowledgement(TimePoint now);
  void note_what_was_written(std::uint64_t before, TimePoint now);
  void on_frame(const wire::Frame& frame, TimePoint now);
  void on_oversize(const wire::Oversize& oversize, TimePoint now);
  void close(Closing closing);
  /// Ends the connection with DISCONNECT and this reason: the broker broke the standard.
  void fail(ReasonCode reason, std::string_view what);
  void on_pingresp();
  /// The broker broke the standard in a way that can be lived with: counts it, and ends the connection if
  /// Options::strict_peer says so. Whether it goes on.
  bool tolerate(std::uint64_t& counter, const wire::DecodeError& violation);
  template <class Packet, class Handler>
  void handle(const wire::Decoded<Packet>& packet, Handler&& handler);
  void send_acknowledgement(wire::PacketType type, std::uint16_t packet_identifier,
                            ReasonCode reason = ReasonCode::success);

  // engine_connect.cpp
  void on_connack(const wire::Connack& connack, TimePoint now);
  void on_refused(const wire::Connack& connack, TimePoint now);
  [[nodiscard]] bool give_up_session(ReasonCode refusal, TimePoint now);
  void on_disconnect_packet(const wire::Disconnect& disconnect);
  void accept_limits(const wire::Connack& connack);
  [[nodiscard]] bool session_ended_by_itself(TimePoint now) const noexcept;
  void session_lost();
  void resume(TimePoint now);
  void announce(const wire::Connack& connack);

  // engine_protocol.cpp
  [[nodiscard]] wire::Version choose_version() const;
  [[nodiscard]] std::optional<std::string> lacking() const;
  [[nodiscard]] bool wants_clean_session() const noexcept;
  [[nodiscard]] bool change_version(ReasonCode refusal);
  [[nodiscard]] bool discard_session(bool session_present);
  void note_version();
  void forget_older_server();

  // engine_authenticate.cpp
  [[nodiscard]] bool start_authentication(std::optional<std::string>& data);
  void on_auth(const wire::Auth& auth, TimePoint now);
  [[nodiscard]] bool check_auth(const wire::Auth& auth);
  [[nodiscard]] bool check_method(const wire::PropertiesView& properties, std::string_view packet);
  [[nodiscard]] bool is_authenticated(const wire::Connack& connack);
  [[nodiscard]] bool finish_authentication(const wire::PropertiesView& properties);
  [[nodiscard]] bool send_auth(ReasonCode reason, const std::optional<std::string>& data);
  void fail_authentication(const std::string& what);
  void end_reauthentication(AuthenticationOutcome outcome);
  void blame_authentication(Closing& closing);
  void note_auth_written(TimePoint now);
  void hold_authentication(TimePoint now);
  void check_authentication(TimePoint now);

  // engine_publish.cpp
  void send_publish(InFlight::Index index, TimePoint now);
  void keep_to_replay_rate(std::uint64_t sequence, TimePoint now);
  [[nodiscard]] bool has_quota(QoS qos) const noexcept {
    if (quota_used_ >= std::min(limits_.receive_maximum, options_.in_flight_max)) return false;
    return qos != QoS::exactly_once || version_ == wire::Version::mqtt_5 ||
           exactly_once_used_ < exactly_once_max_in_3_1_1;
  }
  void encode_publish(const OutboundMessagePtr& message, std::uint16_t packet_identifier, bool dup,
                      TimePoint now);
  void change_properties(wire::Publish& publish, const OutboundMessage& message, TimePoint now);
  void send_release(InFlight::Index index, TimePoint now);
  void on_puback(const wire::Acknowledgement& puback);
  void on_pubrec(const wire::Acknowledgement& pubrec, TimePoint now);
  void on_pubcomp(const wire::Acknowledgement& pubcomp);
  void end_exchange(InFlight::Index index, std::optional<Errc> failure);
  void give_back_quota(InFlightEntry& entry) noexcept;
  void hold_failed(InFlight::Index index, Errc failure);
  [[nodiscard]] bool sent_now(InFlight::Index index) const noexcept {
    return in_flight_[index].connection == connection_;
  }
  void take_outcome(OutboundMessage& message, const wire::Acknowledgement& acknowledgement);
  void finish(OutboundMessagePtr message, std::optional<Errc> failure);
  void note_what_left();
  void count_poison(End end);
  void restore(std::vector<StoredMessage>& messages);

  // engine_receive.cpp
  void on_publish(const wire::Publish& publish, TimePoint now);
  [[nodiscard]] std::optional<std::string_view> resolve_topic(const wire::Publish& publish);
  void deliver(const wire::Publish& publish, std::string_view topic, InboundToken token);
  bool check_subscription_identifiers(const wire::PropertiesView& properties);
  bool check_arrival(InboundWindow::Irregularity irregularity);
  bool check_receive_maximum();
  void on_pubrel(const wire::Acknowledgement& pubrel);
  void send_answer(wire::PacketType type, const InboundWindow::Due& due);
  void record_exchange(const InboundWindow::Due& due);
  [[nodiscard]] std::uint64_t& exchanges_of(std::uint16_t packet_identifier);

  // engine_subscribe.cpp
  void send_requests(TimePoint now);
  [[nodiscard]] std::optional<SubscriptionAnswer> refuse_request(const SubscriptionRequest& request) const;
  void send_request(Subscriptions::Pending& pending, TimePoint now);
  void on_suback(const wire::Suback& suback, Stage expected);
  void answer(SubscriptionAnswer&& answer);

  // Constant after construction.
  const Options& options_;
  const std::chrono::seconds asked_expiry_;
  const bool journaled_;

  // The session.
  std::string client_id_;
  std::string servers_;           // The group of this connection or the next.
  std::string session_servers_;   // The group that has the session.
  bool began_here_ = false;       // It began in this process, so all of its subscriptions are known.
  bool session_held_ = false;     // We have the state of a session that the broker may have too.
  bool clean_start_ = false;      // The next CONNECT asks for a clean start, until one succeeds.
  bool resume_asserted_ = false;  // The caller says that an unknown session at the broker is ours.
  unsigned resumes_refused_ = 0;  // In a row and for no reason given, by nodes of a cluster,
  TimePoint resumes_refused_since_{};
  bool session_given_up_ = false;  // for that: clean_start_ is set.
  // Perhaps a CONNECT has left since the last CONNACK that got none; after a restart nobody knows.
  bool unanswered_ = false;
  // In MQTT 3.1.1, for a clean start of a session that shall last.
  enum class Discard : std::uint8_t {
    no,    ///< Perhaps there is nothing to discard.
    next,  ///< By the next CONNECT.
    done,  ///< And the next CONNECT begins the new session.
  };
  Discard discard_ = Discard::no;
  std::set<std::string> older_servers_;  // That speak MQTT 3.1.1 and not MQTT 5.
  std::vector<std::string> discarded_;   // Topic filters of the store that a clean start is to forget.
  std::chrono::seconds expiry_{0};
  std::optional<TimePoint> away_since_;  // Unknown: counts as alive.
  InFlight in_flight_;
  InboundWindow inbound_;
  std::uint64_t epoch_;                   // Of the store's sessions.
  std::vector<std::uint64_t> exchanges_;  // With a store: as InboundCount, by packet identifier.
  Subscriptions subscriptions_;
  std::size_t messages_in_flight_ = 0;

  // The connection.
  Phase phase_ = Phase::disconnected;
  wire::Version version_ = wire::Version::mqtt_5;  // Of this connection or the last one.
  std::string endpoint_;                           // Of this connection or the next.
  std::uint32_t connection_ = 0;                   // Counts on_connected().
  bool sent_clean_start_ = false;
  bool accepted_ = false;  // CONNACK with success came on this connection.
  bool connack_awaited_ = false;
  std::optional<std::string> user_name_;
  std::optional<std::string> password_;
  std::optional<Will> will_;
  BrokerLimits limits_;
  std::size_t quota_used_ = 0;
  std::size_t exactly_once_used_ = 0;             // Of it by QoS 2.
  std::uint64_t backlog_end_ = 0;                 // See set_backlog_end().
  TimePoint next_replay_{};                       // When the next message of the backlog has its turn.
  InFlight::Index replay_next_ = InFlight::none;  // The first message not yet sent again on this connection.
  std::vector<std::string> topic_aliases_;        // Of the broker; index 0 is alias 1.
  TopicAliases own_aliases_;
  std::vector<std::byte>
      properties_;  // Of the PUBLISH being encoded, where they change; kept for its memory.
  Fifo<std::pair<std::uint64_t, OutboundMessagePtr>> qos0_leaving_;  // By the offset at which each has left.
  wire::FrameDecoder decoder_;
  std::array<TimePoint, static_cast<std::size_t>(Timer::count)> timers_;
  std::optional<std::string> authentication_method_;  // As CONNECT named it.
  unsigned challenges_ = 0;                           // In this exchange.
  bool reauthenticating_ = false;
  std::uint64_t auth_end_ = 0;  // Where the AUTH ends that begins it and has not left yet; 0: none.
  std::uint64_t pings_ = 0;     // On this connection, without those that were answered.
  std::uint64_t ping_end_ = 0;  // Where the PINGREQ ends that has not left yet; 0: none.
  TimePoint last_sent_{};
  TimePoint last_received_{};
  bool reading_ = true;

  // The message on which the broker closes again and again.
  std::uint64_t suspect_ = 0;  // Its sequence; 0: none.
  unsigned suspect_closes_ = 0;
  bool progress_ = false;  // Something was acknowledged on this connection.

  // Outputs.
  Journal journal_;
  OutputBuffer output_;
  InboundMemory inbound_memory_;
  std::vector<InboundMessage::Ptr> received_;
  std::vector<OutboundMessagePtr> finished_;
  std::vector<OutboundMessagePtr> returned_;
  std::vector<SubscriptionAnswer> answers_;
  std::vector<AuthenticationOutcome> authentications_;
  std::vector<Event> events_;
  std::vector<std::string_view> tolerated_;
  std::vector<std::string_view> ever_tolerated_;
  std::optional<Closing> closing_;
  EngineCounters counters_;
};

}  // namespace holdfast::session
