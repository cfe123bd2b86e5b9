#include "trace_text.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "reporting.hpp"

namespace holdfast::tools {

namespace {

constexpr std::size_t bytes_a_row = 16;
constexpr const char* indentation = "                 ";

std::string time_since(std::uint64_t begin, const TraceEntry& entry) {
  constexpr std::uint64_t million = 1'000'000;
  if (!entry.unreadable.empty()) return "              ?";
  // A trace that goes on behind another one may have been begun after the machine was.
  const bool earlier = entry.time < begin;
  const std::uint64_t since = earlier ? begin - entry.time : entry.time - begin;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%c%7" PRIu64 ".%06" PRIu64, earlier ? '-' : ' ', since / million,
                since % million);
  return text.data();
}

void append_fields(std::string& text, const PacketFields& fields) {
  for (const PacketField& field : fields.fields) {
    if (field.kind == PacketField::Kind::detail) continue;
    const char* deeper = field.kind == PacketField::Kind::bits ? "  " : "";
    text += indentation + printable(deeper + field.name + ": " + field.value) + '\n';
  }
}

void append_row(std::string& text, const TracedPacket& packet, std::size_t begin) {
  std::array<char, 24> number{};
  std::snprintf(number.data(), number.size(), "%04zx ", begin);
  std::string row(number.data());
  std::string letters;
  for (std::size_t i = begin; i < begin + bytes_a_row; ++i) {
    if (i >= packet.bytes.size()) {
      row += "   ";
      continue;
    }
    const auto byte = std::to_integer<unsigned>(packet.bytes[i]);
    std::snprintf(number.data(), number.size(), packet.masked[i] ? " **" : " %02x", byte);
    row += number.data();
    letters += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
  }
  text += indentation + row + "  " + letters + '\n';
}

void append_bytes(std::string& text, const TracedPacket& packet) {
  for (std::size_t begin = 0; begin < packet.bytes.size(); begin += bytes_a_row)
    append_row(text, packet, begin);
  if (!packet.is_whole())
    text += indentation + std::to_string(packet.size - packet.bytes.size()) +
            " more bytes are not in the trace\n";
}

std::string_view words_for(Repeat repeat) {
  switch (repeat) {
    case Repeat::duplicate:
      return "  [sent again]";
    case Repeat::as_new:
      return "  [sent again as new: the session was lost]";
    default:
      return "";
  }
}

}  // namespace

std::string to_text(const ToldEntry& told, std::uint64_t begin, const TraceTextOptions& options) {
  std::string text = time_since(begin, told.entry);
  const bool packet = told.entry.event == "packet";
  text += packet ? (told.entry.from_client ? " -> " : " <- ") : "    ";
  text += printable(told.headline);
  if (packet) text += " (" + std::to_string(told.entry.packet.size) + " bytes)";
  if (told.entry.event == "connection") text += " (number " + std::to_string(told.connection) + ")";
  text += words_for(told.repeat);
  text += '\n';
  if (!told.fields.fault.empty())
    text += indentation + printable("breaks the standard: " + told.fields.fault) + '\n';
  if (packet && !options.brief) append_fields(text, told.fields);
  if (packet && options.hexadecimal) append_bytes(text, told.entry.packet);
  return text;
}

}  // namespace holdfast::tools
