#include "trace_file.hpp"

#include <cerrno>
#include <cmath>
#include <string_view>
#include <system_error>
#include <utility>

#include <holdfast/error.hpp>

#include "refuse.hpp"

namespace holdfast::tools {

namespace {

constexpr std::uint64_t format_known = 1;
constexpr double microseconds = 1e6;
constexpr double longest_time = 1e12;  // Seconds: above what any clock says, and exact in a double.

std::optional<unsigned> digit(char letter) {
  if (letter >= '0' && letter <= '9') return static_cast<unsigned>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a') + 10;
  return std::nullopt;
}

bool read_raw(std::string_view raw, TracedPacket& packet) {
  if (raw.empty() || raw.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < raw.size(); i += 2) {
    const bool masked = raw[i] == '*' && raw[i + 1] == '*';
    const auto high = digit(raw[i]);
    const auto low = digit(raw[i + 1]);
    if (!masked && (!high || !low)) return false;
    packet.bytes.push_back(masked ? std::byte{'*'} : static_cast<std::byte>(*high << 4U | *low));
    packet.masked.push_back(masked);
  }
  return true;
}

// What is wrong with it; empty: nothing.
std::string read_packet(TraceEntry& entry) {
  const std::string direction = entry.text("direction");
  if (direction != "in" && direction != "out") return "direction is neither in nor out";
  entry.from_client = direction == "out";
  if (!read_raw(entry.text("raw"), entry.packet)) return "raw is not in hexadecimal";
  const auto size = entry.number("size");
  if (!size || *size < entry.packet.bytes.size()) return "size is less than the bytes of raw";
  if (!std::in_range<std::size_t>(*size)) return "size is more than there can be";
  entry.packet.size = static_cast<std::size_t>(*size);
  return {};
}

// What is nested for ever would take all of the stack when it is written out again.
Json parse(const std::string& text) {
  constexpr int deepest = 8;
  bool too_deep = false;
  Json json = Json::parse(
      text,
      [&too_deep](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
        too_deep = too_deep || depth > deepest;
        return !too_deep;
      },
      false);
  return too_deep ? Json(Json::value_t::discarded) : json;
}

std::string read_entry(const std::string& text, TraceEntry& entry) {
  entry.json = parse(text);
  if (!entry.json.is_object()) return "not a JSON object: cut short, or not of a trace";
  const auto time = entry.json.find("t");
  if (time == entry.json.end() || !time->is_number()) return "t, the time, is missing";
  const double seconds = time->get<double>();
  if (!(seconds >= 0 && seconds < longest_time)) return "t is no time";
  entry.time = static_cast<std::uint64_t>(std::llround(seconds * microseconds));
  entry.event = entry.text("event");
  if (entry.event.empty()) return "event is missing";
  return entry.event == "packet" ? read_packet(entry) : std::string();
}

}  // namespace

std::string TraceEntry::text(const char* name) const {
  const auto value = json.find(name);
  return value != json.end() && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::uint64_t> TraceEntry::number(const char* name) const {
  const auto value = json.find(name);
  if (value == json.end() || !value->is_number_unsigned()) return std::nullopt;
  return value->get<std::uint64_t>();
}

TraceEntry read_line(const std::string& text, std::size_t number) {
  TraceEntry entry;
  std::string fault = read_entry(text, entry);
  if (!fault.empty()) entry = {};
  entry.line = number;
  entry.unreadable = std::move(fault);
  return entry;
}

TraceFile::TraceFile(const std::string& name) : name_(name), stream_(name, std::ios::binary) {
  if (stream_ && stream_.peek() != std::ifstream::traits_type::eof()) return;
  const std::error_code why(errno, std::generic_category());
  if (!stream_.is_open() || stream_.bad())
    throw Error(why, "\"" + name + "\" cannot be read: " + why.message() + ": name the file of a trace");
}

std::optional<TraceEntry> TraceFile::next() {
  std::string text;
  do {
    if (!std::getline(stream_, text)) {
      if (stream_.bad())
        throw Error(make_error_code(Errc::invalid_argument), "\"" + name_ + "\" cannot be read any further");
      if (any_readable_) return std::nullopt;
      refuse("\"" + name_ + "\" is no trace: none of its " + std::to_string(line_) +
             " lines is one of a trace: name a file that --trace or Options::trace wrote");
    }
    ++line_;
  } while (text.empty());
  TraceEntry entry = read_line(text, line_);
  if (!entry.unreadable.empty()) return entry;
  any_readable_ = true;
  if (const auto format = entry.number("format"); entry.event == "trace" && format.value_or(0) > format_known)
    refuse("\"" + name_ + "\", line " + std::to_string(line_) + ": written by a newer Holdfast, in format " +
           std::to_string(*format) + ": this holdfast_trace reads format " + std::to_string(format_known) +
           ": take the one of that version");
  return entry;
}

}  // namespace holdfast::tools
