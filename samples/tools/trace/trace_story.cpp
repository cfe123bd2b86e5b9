#include "trace_story.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::tools {

namespace {

using wire::PacketType;

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string seconds(const TraceEntry& entry, const char* name) {
  const auto value = entry.json.find(name);
  return value != entry.json.end() && value->is_number() ? value->dump() + " s" : std::string("?");
}

std::uint16_t identifier_of(const TraceEntry& entry) {
  return static_cast<std::uint16_t>(entry.number("id").value_or(0));
}

// The Reason Codes, or of CONNACK in MQTT 3.1.1 the Connect Return Code.
std::string codes_of(const PacketFields& fields) {
  std::string codes;
  for (const PacketField& field : fields.fields) {
    if (field.name == "Reason Code" || field.name == "Connect Return Code")
      codes += (codes.empty() ? "" : ", ") + field.value;
  }
  return codes;
}

std::string filters_of(const PacketFields& fields) {
  std::string filters;
  for (const PacketField& field : fields.fields) {
    if (field.name == "Topic Filter") filters += (filters.empty() ? "" : ", ") + field.value;
  }
  return filters;
}

std::string publish_headline(const ToldEntry& told, const std::string& topic) {
  const PacketFields& fields = told.fields;
  std::string text = quoted(topic) + ", QoS " + fields.value_of("QoS");
  if (fields.value_of("DUP") == "1") text += ", DUP";
  if (fields.value_of("RETAIN") == "1") text += ", RETAIN";
  return text;
}

std::string packet_headline(const ToldEntry& told, const std::string& topic) {
  const PacketFields& fields = told.fields;
  std::string text(name_of(told.entry.packet.type()));
  const auto add = [&text](const std::string& part) {
    if (!part.empty()) text += (text.find(' ') == std::string::npos ? " " : ", ") + part;
  };
  if (told.entry.packet.type() == PacketType::publish) add(publish_headline(told, topic));
  add(filters_of(fields));
  if (const std::string id = fields.value_of("Packet Identifier"); !id.empty()) add("id " + id);
  if (const std::string client = fields.value_of("Client Identifier"); !client.empty()) add(client);
  for (const char* flag : {"Clean Start", "Clean Session", "Session Present"}) {
    if (const std::string value = fields.value_of(flag); !value.empty()) add(std::string(flag) + " " + value);
  }
  add(codes_of(fields));
  return text;
}

std::string number(const TraceEntry& entry, const char* name) {
  return std::to_string(entry.number(name).value_or(0));
}

std::string begin_headline(const TraceEntry& entry) {
  std::string text = "trace of process " + number(entry, "process");
  const std::string state = entry.text("state");
  text += state.empty() ? " begins at " : " goes on from FILE.1 at ";
  text += entry.text("wall");
  if (!state.empty()) text += ", state " + state;
  if (const std::string server = entry.text("server"); !server.empty())
    text += ", connection to " + server + " for MQTT " + entry.text("protocol");
  return text;
}

std::string event_headline(const TraceEntry& entry) {
  if (entry.event == "trace") return begin_headline(entry);
  if (entry.event == "state") return "state " + entry.text("state");
  if (entry.event == "connecting")
    return "connecting to " + entry.text("server") + ", attempt " + number(entry, "attempt");
  if (entry.event == "connection")
    return "connection to " + entry.text("server") + " for MQTT " + entry.text("protocol") + ", at " +
           entry.text("wall");
  if (entry.event == "disconnected")
    return (entry.asked_for() ? "disconnected: " : "lost: ") + entry.text("what");
  if (entry.event == "retry")
    return "next attempt after " + seconds(entry, "after") + " at " + entry.text("server");
  if (entry.event == "timer") return "timer " + entry.text("timer");
  if (entry.event == "commit") return "commit of " + number(entry, "records") + " records to the store";
  if (entry.event == "malformed")
    return std::string(entry.text("direction") == "out" ? "to" : "from") +
           " the broker: no packet: its length is malformed: " + entry.text("raw");
  return entry.event + " " + dump(entry.json);
}

}  // namespace

ToldEntry TraceStory::tell(TraceEntry entry) {
  if (entry.event == "trace") tell_begin(entry);
  if (entry.event == "connection") tell_connection(entry);
  if (entry.event == "disconnected") connected_ = false;
  if (entry.event == "commit") session_stored_ = true;
  ToldEntry told{std::move(entry), connection_, connected_, {}, Repeat::none, {}};
  if (!told.entry.unreadable.empty())
    told.headline = "line " + std::to_string(told.entry.line) + " cannot be read: " + told.entry.unreadable;
  else if (told.entry.event == "packet")
    tell_packet(told);
  else
    told.headline = event_headline(told.entry);
  return told;
}

// A file that goes on in the middle of a connection says so; its beginning may be known from the one before.
void TraceStory::tell_begin(const TraceEntry& entry) {
  const bool continued = entry.json.value("continued", Json()) == true;
  connected_ = continued && !entry.text("protocol").empty();
  if (connected_ && connection_ == 0) tell_connection(entry);
  if (continued) return;
  // What a process leaves unfinished the next one knows by its store alone.
  if (!session_stored_) unfinished_.clear();
  session_stored_ = false;
}

void TraceStory::tell_connection(const TraceEntry& entry) {
  ++connection_;
  connected_ = true;
  version_ = entry.text("protocol") == "3.1.1" ? wire::Version::mqtt_3_1_1 : wire::Version::mqtt_5;
  for (auto& aliases : topic_aliases_)
    aliases.clear();
}

void TraceStory::tell_packet(ToldEntry& told) {
  told.fields = fields_of(told.entry.packet, version_);
  if (told.entry.from_client) {
    told.repeat = follow_sent(told);
  } else {
    follow_received(told);
    if (told.fields.value_of("DUP") == "1") told.repeat = Repeat::duplicate;
  }
  told.headline = packet_headline(told, topic_of(told));
}

Repeat TraceStory::follow_sent(const ToldEntry& told) {
  const std::uint16_t identifier = identifier_of(told.entry);
  if (told.entry.packet.type() == PacketType::publish && identifier != 0)
    return follow_published(told, identifier);
  if (told.entry.packet.type() != PacketType::pubrel) return Repeat::none;
  const auto exchange = unfinished_.find(identifier);
  if (exchange == unfinished_.end()) return Repeat::none;
  const bool again = exchange->second.released;
  exchange->second.released = true;
  return again ? Repeat::duplicate : Repeat::none;
}

Repeat TraceStory::follow_published(const ToldEntry& told, std::uint16_t identifier) {
  // By what the trace shows of it: large messages with the same beginning cannot be told apart.
  std::string message = told.fields.topic + '\0' + told.fields.payload;
  Repeat repeat = told.fields.value_of("DUP") == "1" ? Repeat::duplicate : Repeat::none;
  if (repeat == Repeat::none && session_new_) {
    const auto earlier = std::find_if(unfinished_.begin(), unfinished_.end(), [&](const auto& entry) {
      return entry.second.connection < connection_ && entry.second.message == message;
    });
    if (earlier != unfinished_.end()) {
      repeat = Repeat::as_new;
      unfinished_.erase(earlier);
    }
  }
  unfinished_[identifier] = {connection_, std::move(message), false};
  return repeat;
}

void TraceStory::follow_received(const ToldEntry& told) {
  constexpr std::uint64_t first_error = 0x80;
  const PacketType type = told.entry.packet.type();
  if (type == PacketType::connack) session_new_ = told.fields.value_of("Session Present") == "0";
  const bool refused = type == PacketType::pubrec && told.entry.number("reason").value_or(0) >= first_error;
  if (type == PacketType::puback || type == PacketType::pubcomp || refused)
    unfinished_.erase(identifier_of(told.entry));
}

std::string TraceStory::topic_of(const ToldEntry& told) {
  if (!told.fields.topic_alias) return told.fields.topic;
  std::string& named = topic_aliases_[told.entry.from_client ? 1 : 0][*told.fields.topic_alias];
  if (!told.fields.topic.empty()) named = told.fields.topic;
  return named;
}

}  // namespace holdfast::tools
