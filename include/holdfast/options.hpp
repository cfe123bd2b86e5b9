// Everything that can be set on a Client. Only `server` is needed:
//
//     holdfast::Client client({.server = "mqtt://broker.plant.example", .client_id = "pump-17"});
//
// Plain data, read once by the Client's constructor, which checks it and throws Error with a sentence on what
// to change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/authenticator.hpp>
#include <holdfast/connect_properties.hpp>
#include <holdfast/tls.hpp>
#include <holdfast/types.hpp>

namespace spdlog {
class logger;
}

namespace holdfast {

class Store;

/// Whether the first connection of this process takes up an existing session. [MQTT 5, 3.1.2.4]
enum class Start : std::uint8_t {
  automatic,  ///< Resume if the store holds a session of this client id and of the server that is reached;
              ///< else begin with a clean one.
  clean,      ///< Begin with a clean session: what the broker held is discarded, and the subscriptions in the
              ///< store. What is in flight in the store: see OnSessionLost.
  resume,  ///< The caller asserts that a session at the broker is ours, with nothing in flight: a subscriber
           ///< that wants what it missed. To publish QoS 2 across processes use a store.
};

/// What happens to QoS 1 and 2 messages in flight when the broker lost the session.
enum class OnSessionLost : std::uint8_t {
  republish,  ///< They go out again as new messages, in order. For QoS 2 that is at-least-once.
  fail,       ///< Their Delivery ends with Errc::session_lost.
};

/// What happens to QoS 0 messages published while there is no connection.
enum class Qos0Offline : std::uint8_t {
  keep,   ///< They wait in the outbox like all others.
  drop,   ///< They are dropped, counted, and their Delivery ends with Errc::not_connected.
  store,  ///< As keep, and the store has them too: they outlive the process.
};

/// What happens when a message is published and the outbox is full (Options::outbox_messages_max,
/// _bytes_max). Messages in flight and those that a lost session gave back are never dropped.
enum class OutboxFull : std::uint8_t {
  block,        ///< publish() waits for room, at most publish_timeout, then throws Errc::outbox_full.
  reject,       ///< publish() throws Errc::outbox_full at once. (With sqlite_store() also while 4 MiB wait
                ///< for the disk, which all others wait for.)
  drop_oldest,  ///< Of the lowest priority the message that waits longest ends with Errc::dropped.
  drop_newest,  ///< Of the lowest priority the message that came last (it may be the new one) does; one of
                ///< a topic with keep_latest only when no others are left.
};

/// How messages of some topics wait in the outbox. For each message the first rule whose filter matches
/// counts; without one, a default-made rule.
struct OutboxRule {
  /// A topic filter, which may have wildcards.
  std::string filter = {};
  /// Messages of a higher priority go out before all waiting ones of a lower. All messages of one topic have
  /// the same priority, so their order is kept. Default: 0. Any value.
  int priority = 0;
  /// Only the newest message of each topic waits; one that a newer message replaces ends with
  /// Errc::superseded. For telemetry of which only the last value counts. Default: no.
  bool keep_latest = false;
};

/// What publish() waits for at QoS 1 and 2, with a store.
enum class PublishReturns : std::uint8_t {
  queued,  ///< That the message is accepted, in memory: Delivery::wait_stored() waits for the rest.
  stored,  ///< That the store has it. Many threads that publish at once share a commit.
};

/// When a session is taken to be over on our side.
enum class SessionEnd : std::uint8_t {
  by_broker,  ///< The broker's Session Present decides at the next connection.
  by_clock,   ///< Also once we were away for the session expiry interval on our own clock.
};

/// Who acknowledges a received QoS 1 or 2 message, and when.
enum class Ack : std::uint8_t {
  on_handover,  ///< receive() does, as it hands the message over; never before.
  manual,       ///< The application does, by Message::ack() or Client::ack().
};

/// What happens to QoS 0 messages when the application does not take them and the inbox is full.
enum class InboxFull : std::uint8_t {
  pause,  ///< Reading pauses (TCP's own back-pressure), except while a call waits for its answer, or there is
          ///< a Subscription with a queue of its own: then the newest are dropped and counted.
  drop_oldest,  ///< The longest-waiting QoS 0 message makes room.
  drop_newest,  ///< The message that just came is dropped.
};

/// Delays between connection attempts: exponential, with full jitter (a random time between 0 and the delay).
/// Each server has its own.
struct ReconnectOptions {
  /// The first delay. Default: 1 s. Range: 1 ms to max_delay.
  std::chrono::milliseconds min_delay{1'000};
  /// The delay no attempt waits longer than. Default: 60 s.
  std::chrono::milliseconds max_delay{60'000};
  /// The delays begin again at min_delay once a connection has lasted this long. Default: 10 s.
  std::chrono::milliseconds stable_after{10'000};
  /// Keep trying although the broker refused for good (bad credentials, not authorised, ...) before the first
  /// success. Default: no, the state becomes `refused`. After a first success a refusal is always retried, at
  /// max_delay, unless give_up_when_refused. Of several servers, all have to refuse.
  bool retry_when_refused = false;
  /// A refusal for good ends the attempts also after a first success. Default: no.
  bool give_up_when_refused = false;
  /// Go on for ever when another client takes the session over again and again. Default: no, after
  /// take_overs_max in a row the state becomes `taken_over`.
  bool retry_when_taken_over = false;
  /// How many times in a row, each before the connection has lasted stable_after, another client may take
  /// over until the attempts end. Default: 5.
  unsigned take_overs_max = 5;
};

/// Socket settings. A value out of its range is refused with Errc::invalid_argument; an address or device
/// that the system does not have makes each attempt to connect fail with Errc::connect_failed.
struct TcpSettings {
  /// TCP_NODELAY. Default: on; writes are already coalesced.
  bool no_delay = true;
  /// SO_KEEPALIVE. Default: on.
  bool keep_alive = true;
  /// TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged. Default: the system's.
  std::optional<std::chrono::milliseconds> user_timeout = std::nullopt;
  /// SO_SNDBUF in bytes. Default: the system's.
  std::optional<int> send_buffer = std::nullopt;
  /// SO_RCVBUF in bytes. Default: the system's.
  std::optional<int> receive_buffer = std::nullopt;
  /// Local address to connect from, numeric. Default: the system's choice.
  std::string bind_address = {};
  /// Network device to use (SO_BINDTODEVICE, Linux). Default: the system's choice.
  std::string bind_device = {};
};

/// What several servers are to each other.
enum class ServerGroup : std::uint8_t {
  independent,  ///< Brokers that know nothing of each other: a session stays with the one that has it. Going
                ///< to another begins a clean session there, and the one that was left counts as lost.
  cluster,      ///< Nodes of one broker: the session is resumed on any of them. Two lists that share a server
                ///< are the same cluster.
};

/// Which of several servers is tried first.
enum class ServerOrder : std::uint8_t {
  in_turn,   ///< The first of the list; or the first of it that has our session.
  shuffled,  ///< Likewise, but the list is shuffled once for each Client, so that many clients spread.
};

/// For `ws://` and `wss://` servers.
struct WebSocketSettings {
  /// Header lines to add to the request, for example {"Authorization", "Bearer ..."}. Name and value without
  /// line breaks. (The query of a signed URL belongs into the server's URL.)
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// What a hook may change before a connection attempt.
struct Attempt {
  std::string server;                    ///< As Options::server.
  std::optional<std::string> user_name;  ///< As Options::user_name.
  std::optional<std::string> password;   ///< As Options::password.
  std::optional<Will> will;              ///< As Options::will.
  unsigned number = 0;                   ///< Attempts since the last success, from 1. Read only.
};

/// Everything that can be set on a Client. Checked by its constructor, which throws Error:
/// invalid_argument for values out of their range and for those that contradict each other, not_in_protocol
/// for what Options::protocol does not have.
struct Options {
  // ---- Where and as whom ----

  /// `scheme://[user[:password]@]host[:port]`, or `host`, or `host:port`. Schemes and default ports:
  /// `mqtt` 1883, `mqtts` (TLS) 8883, `ws` (WebSocket) 80 and `wss` (over TLS) 443, both with a path and
  /// query (default: `/mqtt`). `unix:///path` is a Unix domain socket, `unix://@name` an abstract one
  /// (Linux).
  std::string server = "mqtt://localhost";
  /// Several servers instead of `server`, which is not used then. After a lost connection the same one is
  /// tried first (unless it was too busy, shut down, or dropped us again and again); each that fails hands
  /// over to the next, for ever, each with a back-off of its own.
  std::vector<std::string> servers = {};
  /// What several servers are to each other. Default: independent brokers.
  ServerGroup server_group = ServerGroup::independent;
  /// Which of several servers is tried first. Default: the first.
  ServerOrder server_order = ServerOrder::in_turn;
  /// The version of MQTT. With automatic, what a server was found to speak is remembered for that server, in
  /// the store too.
  Protocol protocol = Protocol::mqtt_5;
  /// UTF-8, at most 65535 bytes. Empty: the broker assigns one, which is then kept for all reconnects; a
  /// broker of MQTT 3.1.1 does not tell which, and each connection has another. [MQTT 5, 3.1.3.1]
  std::string client_id = {};
  /// Who we are, to the broker: UTF-8, at most 65535 bytes. Absent: not sent. [MQTT 5, 3.1.3.5]
  std::optional<std::string> user_name = std::nullopt;
  /// Any bytes, at most 65535. Absent: not sent. May stand without a user name, except in MQTT 3.1.1. [MQTT
  /// 5, 3.1.3.6]
  std::optional<std::string> password = std::nullopt;
  /// Authenticate by an exchange of AUTH packets, for example with scram_sha_256(). Excludes the
  /// authentication method and data of connect_properties; user name and password may be sent besides.
  /// Default: none. [MQTT 5, 4.12]
  std::shared_ptr<Authenticator> authenticator = nullptr;

  /// Check that payloads are UTF-8 where the Payload Format Indicator says so. What we send, and the will, is
  /// refused with Errc::invalid_argument. What is received is not handed over: at QoS 1 and 2 it is answered
  /// with "payload format invalid" (0x99), after which the broker does not send it again; all are counted in
  /// Statistics::payloads_refused. Default: no. [MQTT 5, 3.3.2.3.2]
  bool check_payload_format = false;

  // ---- The session ----

  /// How long the session outlives its connection: 0 s, whole seconds, or never_expires. The short way to
  /// set ConnectProperties::session_expiry_interval. Absent: 0. In MQTT 3.1.1, where 0 is Clean Session 1 and
  /// all else Clean Session 0, the broker decides how long that is.
  std::optional<std::chrono::seconds> session_expiry = std::nullopt;
  /// Whether the first connection takes up an existing session. Default: if the store holds one.
  /// [MQTT 5, 3.1.2.4]
  Start start = Start::automatic;
  /// When the session is taken to be over on our side. Default: when the broker says so.
  SessionEnd session_end = SessionEnd::by_broker;
  /// What becomes of QoS 1 and 2 messages in flight when the session is lost. Default: they are sent anew.
  OnSessionLost on_session_lost = OnSessionLost::republish;
  /// Subscribe again to everything after the broker lost the session. Default: yes.
  bool resubscribe = true;
  /// Every property of CONNECT. Default: none is sent. [MQTT 5, 3.1.2.11]
  ConnectProperties connect_properties = {};
  /// What the broker publishes when the connection ends without disconnect(). Absent: nothing.
  /// [MQTT 5, 3.1.2.5]
  std::optional<Will> will = std::nullopt;
  /// Where the session lasts. Absent: in this object's memory alone.
  std::shared_ptr<Store> store = nullptr;

  // ---- Sending ----

  /// How many messages may be accepted and not yet finished. Default: 100,000. Range: 1 and up.
  std::size_t outbox_messages_max = 100'000;
  /// The same in bytes of topic, payload and properties. Default: 64 MiB.
  std::size_t outbox_bytes_max = std::size_t{64} << 20;
  /// What happens to a message more when the outbox is full. Default: publish() waits for room.
  OutboxFull outbox_full = OutboxFull::block;
  /// How long publish() waits for room before it throws Errc::outbox_full. Default: 30 s.
  std::chrono::milliseconds publish_timeout{30'000};
  /// How messages of some topics wait. Default: all alike, in the order of publishing.
  std::vector<OutboxRule> outbox_rules = {};
  /// What happens to QoS 0 messages that are published without a connection. Default: they wait.
  Qos0Offline qos0_offline = Qos0Offline::keep;
  /// With stored, publish() throws Errc::timed_out when the store took longer than publish_timeout (the
  /// message is sent all the same), and Errc::closed when the client ended before. Needs a store.
  PublishReturns publish_returns = PublishReturns::queued;
  /// Send at the broker's Maximum QoS what was asked for more. Default: refuse with Errc::qos_not_supported.
  bool lower_qos = false;
  /// How many topic aliases are given to topics that come again and again, within the broker's Topic Alias
  /// Maximum: they shorten packets and change nothing else. Default: 16. Range: 0 (none) to 65535. [MQTT
  /// 5, 3.3.2.3.4]
  std::uint16_t topic_aliases_max = 16;
  /// How many QoS 1 and 2 messages may be in flight, where the broker's Receive Maximum is not lower.
  /// Default: 65535, what the broker grants. Range: 1 to 65535. A broker of MQTT 3.1.1 grants nothing, and
  /// mosquitto then drops in silence what is beyond its own bound for QoS 2: so at most 20 of these are in
  /// flight there.
  std::uint16_t in_flight_max = 65535;
  /// How many messages a second go out of those that were there before the connection: what a session sends
  /// again, what a lost one gave back, and what waited. So a broker that comes up is not flooded. Messages
  /// published since follow behind them, without a limit. Default: 0, no limit. Range: 0 to 1000000.
  unsigned replay_rate = 0;
  /// A message on which the broker closes the connection this many times in a row, with nothing acknowledged
  /// in between, fails with Errc::poison. Default: 5. 0: never.
  unsigned poison_after = 5;

  // ---- Receiving ----

  /// Who acknowledges received QoS 1 and 2 messages, and when. Default: receive(), at the hand-over.
  /// [MQTT 5, 4.3]
  Ack ack = Ack::on_handover;
  /// How many QoS 0 messages may wait for receive(); QoS 1 and 2 are bounded by receive_maximum. Default:
  /// 100,000. Range: from 1.
  std::size_t inbox_messages_max = 100'000;
  /// The same in bytes of topic, payload and properties. Default: 64 MiB. Range: from 1.
  std::size_t inbox_bytes_max = std::size_t{64} << 20;
  /// What happens to a QoS 0 message more when the inbox is full. Default: reading pauses.
  InboxFull inbox_full = InboxFull::pause;
  /// End the connection at everything by which the broker breaks the standard, with the reason code that the
  /// standard names (Receive Maximum 0x93, Maximum Packet Size 0x95, ...). Default: what does no harm is
  /// counted (Statistics), once a warning to `logger`, and forgiven, within our memory bounds.
  bool strict_peer = false;

  /// The topic to which responses to Client::request() come: a topic name that no other client uses. Empty:
  /// below the broker's Response Information, if it gave one (see
  /// ConnectProperties::request_response_information), as "<it>/response"; else
  /// "holdfast/response/<client id>", with _ for + and #. [MQTT 5, 4.10.1]
  std::string response_topic = {};

  // ---- Time ----

  /// The longest silence before a PINGREQ: whole seconds, 0 (off) to 65535. The broker may set another.
  /// Default: 60 s. [MQTT 5, 3.1.2.10]
  std::chrono::seconds keep_alive{60};
  /// For the whole way to a TCP connection: hook, files, name, all addresses. Default: 10 s.
  std::chrono::milliseconds connect_timeout{10'000};
  /// From there through the handshakes of proxy, TLS and WebSocket, together. Default: 10 s.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// From CONNECT to CONNACK, and for a re-authentication from AUTH to AUTH; all packets in between included.
  /// Default: 10 s.
  std::chrono::milliseconds connack_timeout{10'000};
  /// From PINGREQ to the next bytes from the broker. Absent: half the keep-alive, at most 10 s.
  std::optional<std::chrono::milliseconds> ping_timeout = std::nullopt;
  /// How long bytes may wait to be written with the broker reading none of them. Default: 20 s.
  std::chrono::milliseconds write_timeout{20'000};
  /// How long a message may stay unacknowledged before the connection is taken for dead and closed (never
  /// resent on the same connection). Absent: for ever.
  std::optional<std::chrono::milliseconds> acknowledgement_timeout = std::nullopt;
  /// How long subscribe() and unsubscribe() wait for the broker's answer. Default: 10 s.
  std::chrono::milliseconds request_timeout{10'000};
  /// The longest that the destructor and disconnect()'s closing may take. Default: 2 s.
  std::chrono::milliseconds close_timeout{2'000};
  /// Delays between attempts, and what ends them. Default: 1 s to 60 s, for ever after a first success.
  ReconnectOptions reconnect = {};
  /// connect() keeps trying within its time-out, and the client behind it, when the first attempt fails.
  /// Default: no, connect() throws what the first attempt gave; of several servers, the first at each.
  bool retry_first_connect = false;

  // ---- The way there ----

  /// Socket settings. Default: no delay, keep-alive, else the system's.
  TcpSettings tcp = {};
  /// For `mqtts://` and `wss://` servers. Default: the system's authorities are trusted.
  TlsSettings tls = {};
  /// For `ws://` and `wss://` servers. Default: no headers of our own.
  WebSocketSettings websocket = {};
  /// Reach the server through a proxy: `http://[user[:password]@]host[:port]` (HTTP CONNECT, default port
  /// 3128) or `socks5://...` (default port 1080; `socks5h` says the same). The proxy resolves the server's
  /// name. Default: none.
  std::string proxy = {};
  /// Without `proxy`, ask the environment: `http_proxy` for ws, `https_proxy` for wss and mqtts, else
  /// `all_proxy`, except for hosts that `no_proxy` names. Read at each attempt. Default: no.
  bool proxy_from_environment = false;

  // ---- The rest ----

  /// Runs before every attempt and may change it; blocks nobody else, and is bounded by connect_timeout. It
  /// runs on a helper thread, never on the network thread; it may outlive the client when it hangs, so
  /// capture by value. What it throws makes the attempt fail. Default: none.
  std::function<void(Attempt&)> before_connect = nullptr;
  /// Go where a broker points with "use another server" (0x9C: as long as that one has us) or "server moved"
  /// (0x9D: from now on), at most three times in a row without a connection that lasted; with the same
  /// credentials and TLS settings, and never from TLS to a connection without. Of several references, each is
  /// tried in turn. A server that is not one of ours is as server_group says. Default: no.
  bool follow_server_reference = false;
  /// Where the log goes. Absent: nowhere, since a library does not print. Errors and events tell what an
  /// application has to act on; only the log tells that TLS is weakened by its options, that the trace ended,
  /// and that the store could not be tidied or have its last words. A service wants one. A connection
  /// that begins while it is at level debug has a line for each packet, in the words of mosquitto's tools: of
  /// a payload the size alone, and no secrets; Options::trace tells more. Default: none.
  std::shared_ptr<spdlog::logger> logger = nullptr;
  /// A file to which one JSON line is appended for each packet, state of the client, timer and commit to the
  /// store. Credentials are masked; topics and the beginnings of payloads are in it. Default: none.
  std::string trace = {};
  /// How many bytes of each payload the trace shows. Default: 64. 0: none.
  std::size_t trace_payload_max = 64;
  /// How large the trace's file may become, 128 KiB at least: then it gets the name FILE.1, in the place of
  /// an earlier one, and a new FILE goes on. Default: 0, any size.
  std::uint64_t trace_bytes_max = 0;
};

}  // namespace holdfast
