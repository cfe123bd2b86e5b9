// Counters of a Client, as a snapshot.
#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast {

/// All counters are since the Client was made and never go back; the gauges say how it is now.
struct Statistics {
  // Gauges.
  std::size_t outbox_messages = 0;   ///< Accepted and not finished, in flight ones included.
  std::size_t outbox_bytes = 0;      ///< Of these, in bytes, as Options::outbox_bytes_max counts.
  std::size_t in_flight = 0;         ///< QoS 1 and 2 sent and not finished.
  std::size_t inbox_messages = 0;    ///< Waiting for receive(), of the client or of a Subscription.
  std::size_t requests_waiting = 0;  ///< Calls of request() that wait for their response.
  bool connected = false;            ///< As Client::is_connected().
  bool reading_paused = false;       ///< The inbox is full, or Client::pause_receiving() was called.

  // Connections.
  std::uint64_t connects = 0;              ///< CONNACKs with success.
  std::uint64_t sessions_resumed = 0;      ///< Of these with Session Present 1.
  std::uint64_t sessions_lost = 0;         ///< The broker had none where we had one.
  std::uint64_t connect_failures = 0;      ///< Attempts that ended before a CONNACK with success.
  std::uint64_t tls_handshakes = 0;        ///< Full ones, of mqtts:// and wss:// connections.
  std::uint64_t tls_sessions_resumed = 0;  ///< Handshakes that took up an earlier TLS session.

  // Messages out.
  std::uint64_t published = 0;       ///< Accepted by publish(), or brought back by the store.
  std::uint64_t acknowledged = 0;    ///< QoS 1 and 2, finished with success.
  std::uint64_t failed = 0;          ///< Ended otherwise, for whatever reason; of these:
  std::uint64_t expired = 0;         ///< their time was over while they waited,
  std::uint64_t outbox_dropped = 0;  ///< gave way in a full outbox,
  std::uint64_t superseded = 0;      ///< gave way to a newer message of their topic.
  std::uint64_t replayed = 0;        ///< PUBLISH with DUP and PUBREL sent again on a resumed session.
  std::uint64_t republished = 0;     ///< Sent anew after a lost session.

  // Messages in.
  std::uint64_t received = 0;               ///< Put into the inbox, or into the queues of Subscriptions.
  std::uint64_t duplicates_suppressed = 0;  ///< Redeliveries of what was already there.
  std::uint64_t dropped = 0;                ///< QoS 0 that found inbox or queue full; refused by unread_max.
  std::uint64_t payloads_refused = 0;       ///< Not the UTF-8 they said, with check_payload_format.
  std::uint64_t responses = 0;              ///< Came to a request() that waited.
  std::uint64_t responses_ignored = 0;      ///< Came late, twice, or for no request of ours.

  // The store, where there is one.
  std::uint64_t commits = 0;  ///< Each makes all that waits durable at once: under load many messages.
  std::uint64_t stored = 0;   ///< Messages that were made durable.

  // Leniencies towards the broker: what it broke and was forgiven for, unless Options::strict_peer.
  std::uint64_t receive_maximum_overruns = 0;     ///< Messages beyond our Receive Maximum.
  std::uint64_t oversized_packets = 0;            ///< Above our Maximum Packet Size.
  std::uint64_t exactly_once_lowered = 0;         ///< QoS 2 acknowledged as QoS 1, in MQTT 3.1.1.
  std::uint64_t redeliveries_without_dup = 0;     ///< QoS 2 messages sent again and not marked so.
  std::uint64_t identifiers_reused = 0;           ///< Messages under an identifier that another one had.
  std::uint64_t unexpected_acknowledgements = 0;  ///< Under an identifier under which nothing waited.
  std::uint64_t other_violations = 0;             ///< All others; the guide lists them.

  // The wire.
  std::uint64_t bytes_sent = 0;      ///< Of MQTT: TLS and WebSocket add theirs.
  std::uint64_t bytes_received = 0;  ///< Likewise.
  std::uint64_t writes = 0;          ///< Calls that sent something.
  std::uint64_t reads = 0;           ///< Calls that received something.
};

}  // namespace holdfast
