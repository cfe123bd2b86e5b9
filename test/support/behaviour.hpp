// How the scripted broker treats a connection: honestly, apart from what is set here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "support/broker_packets.hpp"

namespace holdfast::support {

class BrokerConnection;

/// What the broker does after a hook has seen a packet.
enum class Verdict {
  proceed,  ///< What an honest broker does.
  ignore,   ///< Nothing: as if the packet had been lost, or the hook has done it all.
};

/// Runs on the broker's thread. It may call everything of the connection and of the broker, but not wait.
using Hook = std::function<Verdict(BrokerConnection&, const Packet&)>;

struct Behaviour {
  // ---- CONNACK ----
  ReasonCode connack_reason = ReasonCode::success;
  /// Properties of the CONNACK: receive_maximum, maximum_packet_size, server_keep_alive, ...
  Properties connack = {};
  /// Default: the truth. False: the session is forgotten first. True where there is none: a lie.
  std::optional<bool> session_present = std::nullopt;

  // ---- Versions ----
  /// Refuses a CONNECT of MQTT 5 as a broker does that knows 3.1.1 alone: with its return code 1.
  bool refuses_mqtt_5 = false;
  /// Acknowledges QoS 2 with PUBACK, as RabbitMQ does.
  bool lowers_exactly_once = false;

  // ---- Acknowledgements: PUBACK, PUBREC and PUBCOMP ----
  /// Sends them this much later. What is not yet sent when the connection ends is lost.
  std::chrono::milliseconds acknowledgement_delay{0};
  /// Keeps them back until ScriptedBroker::release_acknowledgements().
  bool holds_acknowledgements = false;
  /// The reason code of PUBACK and PUBREC.
  ReasonCode publish_reason = ReasonCode::success;

  // ---- Bytes ----
  /// Writes at most so many bytes at a time, each time after an own turn. 0: all at once.
  std::size_t write_piece = 0;
  /// Reads nothing from the start, not even the CONNECT.
  bool never_reads = false;

  // ---- Everything else ----
  /// Sees every packet of the client before the broker acts on it.
  Hook on_packet = nullptr;
  /// Sees every packet that the broker is about to send of its own accord.
  Hook before_send = nullptr;
};

}  // namespace holdfast::support
