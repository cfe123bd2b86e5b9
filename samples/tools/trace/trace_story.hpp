// What a trace tells beyond its single lines: which connection each belongs to, and what is sent again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "packet_fields.hpp"
#include "trace_file.hpp"
#include "wire/version.hpp"

namespace holdfast::tools {

enum class Repeat : std::uint8_t {
  none,
  duplicate,  ///< Of the same exchange: DUP, or a PUBREL once more.
  as_new,     ///< A message whose session was lost, in an exchange of its own.
};

struct ToldEntry {
  TraceEntry entry;
  unsigned connection = 0;   ///< Counted in the file; 0: before the first.
  bool connected = false;    ///< From here on.
  PacketFields fields = {};  ///< Of a packet.
  Repeat repeat = Repeat::none;
  std::string headline;  ///< In one line, without the time; may have anything in it.
};

/// Takes the entries in order.
class TraceStory {
 public:
  [[nodiscard]] ToldEntry tell(TraceEntry entry);

 private:
  struct Exchange {
    unsigned connection;
    std::string message;
    bool released;
  };

  void tell_begin(const TraceEntry& entry);
  void tell_connection(const TraceEntry& entry);
  void tell_packet(ToldEntry& told);
  [[nodiscard]] Repeat follow_sent(const ToldEntry& told);
  [[nodiscard]] Repeat follow_published(const ToldEntry& told, std::uint16_t identifier);
  void follow_received(const ToldEntry& told);
  [[nodiscard]] std::string topic_of(const ToldEntry& told);

  unsigned connection_ = 0;
  bool connected_ = false;
  bool session_new_ = false;
  bool session_stored_ = false;
  wire::Version version_ = wire::Version::mqtt_5;
  std::map<std::uint16_t, Exchange> unfinished_;  // What the client sent, by packet identifier.
  std::array<std::map<std::uint16_t, std::string>, 2> topic_aliases_;  // Of broker and client.
};

}  // namespace holdfast::tools
