// What a seed chooses: the client's options, the broker's ways, and how often what breaks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/options.hpp>

#include "session/backlog.hpp"
#include "simulation/random.hpp"

namespace holdfast::simulation {

/// How often something happens, per thousand steps (or per thousand packets, where it says so).
struct Weather {
  // The network.
  unsigned reset = 0;  ///< The connection is cut: what is under way arrives up to any byte.
  unsigned dark = 0;   ///< Half-open: nothing arrives any more, and nobody is told.
  unsigned stall = 0;  ///< Nothing arrives for a while; then all of it.
  std::chrono::milliseconds delay_max{5};
  std::size_t chunk_max = 4096;     ///< The most that arrives at once: splits packets at any byte.
  std::size_t send_buffer = 65536;  ///< What the client's system takes before it blocks.
  // The broker.
  unsigned broker_restart = 0;        ///< With its session.
  unsigned broker_loses_session = 0;  ///< A restart without.
  unsigned broker_disconnects = 0;    ///< By DISCONNECT, or by just closing.
  unsigned connect_refused = 0;       ///< Per thousand CONNECTs: CONNACK with a failure that passes.
  unsigned other_server = 0;          ///< Per thousand connections: to the other server.
  unsigned connack_lies = 0;          ///< Per thousand clean starts: Session Present 1.
  unsigned message_refused = 0;       ///< Per thousand PUBLISHes: PUBACK or PUBREC with a failure.
  unsigned lazy_answers = 0;          ///< Per thousand answers: it is kept for a later step.
  // The client's machine.
  unsigned kill = 0;         ///< The process is killed within its turn.
  unsigned exit = 0;         ///< The application disconnects and ends.
  unsigned disk_full = 0;    ///< A commit fails.
  unsigned disk_slow = 0;    ///< A commit takes up to seconds.
  unsigned suspend = 0;      ///< Up to hours pass at once.
  unsigned clock_leaps = 0;  ///< The client's clock jumps ahead of the true one.
};

struct BrokerWays {
  std::uint16_t receive_maximum = 65535;  ///< At most; a connection may get less.
  bool receive_maximum_varies = false;
  std::optional<std::uint32_t> maximum_packet_size;
  bool packet_size_varies = false;                     ///< Connections without that limit in between.
  std::uint16_t topic_alias_maximum = 0;               ///< At most; each connection gets another one.
  bool qos_varies = false;                             ///< Some connections have Maximum QoS 1.
  std::optional<std::chrono::seconds> session_expiry;  ///< Overrides what the client asks for.
  std::chrono::seconds patience{0};                    ///< It keeps sessions that much longer than it has to.
  bool forgets_dup = false;                            ///< Sends again without DUP.
  bool ignores_packet_size = false;  ///< Sends what is above the client's Maximum Packet Size.
};

struct Scenario {
  Options options;  ///< Without a store.
  bool with_store = false;
  session::Backlog::Limits paging;  ///< What the outbox keeps in memory when there is a store.
  unsigned followed = 0;            ///< Per thousand messages: the application keeps the Delivery.
  BrokerWays broker;
  Weather weather;
  unsigned steps = 0;
  unsigned publishes = 0;  ///< Per thousand steps: the application publishes a batch.
  unsigned offers = 0;     ///< Per thousand steps: others publish to what the client subscribes to.
  unsigned requests = 0;   ///< Per thousand steps: the application subscribes or unsubscribes.
  unsigned reads = 0;      ///< Per thousand steps: the application receives.
  unsigned topics = 1;
  unsigned batch_max = 1;
  unsigned large_payloads = 0;     ///< Per thousand messages.
  unsigned expiring_messages = 0;  ///< Likewise.
};

[[nodiscard]] Scenario draw_scenario(Random& random);
/// One line for --verbose: what the client and the broker were told.
[[nodiscard]] std::string describe(const Scenario& scenario);
/// Nothing breaks any more.
[[nodiscard]] Weather calm();

}  // namespace holdfast::simulation
