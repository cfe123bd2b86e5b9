#include "trace_page.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "json_output.hpp"
#include "page_template.hpp"

namespace holdfast::tools {

namespace {

constexpr std::string_view trace_place = "@TRACE@";

Json bytes_of(const TracedPacket& packet) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < packet.bytes.size(); ++i) {
    const auto byte = std::to_integer<std::size_t>(packet.bytes[i]);
    text += packet.masked[i] ? std::string("**") : std::string{digits[byte >> 4U], digits[byte & 0xFU]};
  }
  return text;
}

std::string_view word_for(PacketField::Kind kind) {
  switch (kind) {
    case PacketField::Kind::detail:
      return "detail";
    case PacketField::Kind::bits:
      return "bits";
    default:
      return "value";
  }
}

Json rows_of(const PacketFields& packet, Json& meanings) {
  Json fields = Json::array();
  for (const PacketField& field : packet.fields) {
    fields.push_back({field.offset, field.size, field.name, field.value, word_for(field.kind)});
    if (!meanings.contains(field.name)) meanings[field.name] = meaning_of(field.name);
  }
  return fields;
}

Json entry_of(const ToldEntry& told, Json& meanings) {
  Json json{{"line", told.entry.line},
            {"time", told.entry.time},
            {"event", told.entry.unreadable.empty() ? told.entry.event : "unreadable"},
            {"connection", told.connection},
            {"connected", told.connected},
            {"headline", told.headline}};
  if (const std::string wall = told.entry.text("wall"); !wall.empty()) json["wall"] = wall;
  if (told.entry.event == "disconnected") json["lost"] = !told.entry.asked_for();
  if (told.entry.event != "packet") return json;
  json["client"] = told.entry.from_client;
  json["type"] = name_of(told.entry.packet.type());
  json["size"] = told.entry.packet.size;
  if (const auto identifier = told.entry.number("id")) json["id"] = *identifier;
  if (told.repeat != Repeat::none) json["repeat"] = told.repeat == Repeat::duplicate ? "duplicate" : "as-new";
  if (!told.fields.fault.empty()) json["fault"] = told.fields.fault;
  json["bytes"] = bytes_of(told.entry.packet);
  json["fields"] = rows_of(told.fields, meanings);
  return json;
}

// Within a script element, where "<" could end it or begin a comment.
std::string for_script(const Json& json) {
  std::string text;
  for (const char letter : dump(json)) {
    if (letter == '<')
      text += "\\u003c";
    else
      text += letter;
  }
  return text;
}

}  // namespace

void LeftOut::add(const ToldEntry& told) {
  ++entries_;
  if (!told.entry.unreadable.empty()) return;
  connected_ = told.connected;
  if (told.entry.event == "disconnected") lost_ = !told.entry.asked_for();
  if (told.entry.event == "connection" || told.entry.event == "trace") lost_ = false;
  if (std::string wall = told.entry.text("wall"); !wall.empty()) {
    wall_ = std::move(wall);
    time_ = told.entry.time;
  }
}

Json LeftOut::to_json() const {
  return {
      {"entries", entries_}, {"connected", connected_}, {"lost", lost_}, {"wall", wall_}, {"time", time_}};
}

std::string to_page(const std::deque<ToldEntry>& entries, const LeftOut& before, const std::string& title) {
  Json meanings = Json::object();
  Json all = Json::array();
  for (const ToldEntry& told : entries)
    all.push_back(entry_of(told, meanings));
  const Json trace{{"title", title},
                   {"before", before.to_json()},
                   {"entries", std::move(all)},
                   {"meanings", std::move(meanings)}};
  std::string page(page_template);
  page.replace(page.find(trace_place), trace_place.size(), for_script(trace));
  return page;
}

}  // namespace holdfast::tools
