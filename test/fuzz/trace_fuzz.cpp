// Any bytes of a connection become a trace and a log, and any lines are read as one: whatever stands in them,
// what holdfast_trace makes of them is whole, and no password is in it. The first byte of an input says what
// the rest is.
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/packet_log.hpp"
#include "client/traced_stream.hpp"
#include "fuzz_input.hpp"
#include "trace_file.hpp"
#include "trace_page.hpp"
#include "trace_story.hpp"
#include "trace_text.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"

using namespace holdfast;
using fuzz::require;

namespace {

using Bytes = std::span<const std::byte>;

constexpr unsigned lines_flag = 1;
constexpr unsigned mqtt_5_flag = 2;
constexpr unsigned sent_flag = 4;

/// As a client would trace them.
std::string traced(Bytes bytes, unsigned choice, std::size_t piece) {
  client::TracedStream stream((choice & sent_flag) != 0 ? "out" : "in", choice >> 3U & 7U);
  stream.reset((choice & mqtt_5_flag) != 0);
  std::string lines;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size())))
    stream.feed(bytes.first(std::min(piece, bytes.size())), session::TimePoint{}, lines);
  return lines;
}

/// As a client would log them.
std::string logged(Bytes bytes, unsigned choice, std::size_t piece) {
  std::ostringstream text;
  auto logger =
      std::make_shared<spdlog::logger>("fuzz", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
  logger->set_level(spdlog::level::debug);
  logger->set_pattern("%v");
  const std::string client_id = "me";
  client::PacketLog log(std::move(logger), client_id, (choice & mqtt_5_flag) != 0);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
    const Bytes next = bytes.first(std::min(piece, bytes.size()));
    if ((choice & sent_flag) != 0) log.on_sent(std::span(&next, 1), next.size());
    if ((choice & sent_flag) == 0) log.on_received(next);
  }
  return text.str();
}

/// All but those of bits cover what there is of the packet, once and in order.
void check_fields(const tools::ToldEntry& told) {
  std::size_t end = 0;
  for (const tools::PacketField& field : told.fields.fields) {
    if (field.kind == tools::PacketField::Kind::bits) continue;
    require(field.offset == end);
    end += field.size;
  }
  require(end == told.entry.packet.bytes.size());
}

void check_text(const std::string& text) {
  require(text.ends_with('\n'));
  require(std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f';
  }));
}

/// Show and html, of all the lines.
void read(std::string_view lines, const char* protocol, bool readable) {
  tools::TraceStory story;
  std::deque<tools::ToldEntry> entries;
  const std::string connection =
      R"({"t":0,"event":"connection","protocol":")" + std::string(protocol) + "\"}";
  static_cast<void>(story.tell(tools::read_line(connection, 1)));
  for (std::size_t number = 2; !lines.empty(); ++number) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    tools::ToldEntry told = story.tell(tools::read_line(std::string(lines.substr(0, end)), number));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    require(!readable || told.entry.unreadable.empty());
    if (told.entry.event == "packet") check_fields(told);
    check_text(tools::to_text(told, 0, {.brief = false, .hexadecimal = true}));
    entries.push_back(std::move(told));
  }
  tools::LeftOut before;
  if (entries.size() > 2) {
    before.add(entries.front());
    entries.pop_front();
  }
  static_cast<void>(tools::to_page(entries, before, "trace"));
}

/// What the client's own decoder takes for a password is masked in the line of its packet.
void check_password(Bytes bytes, const std::string& lines) {
  wire::FrameDecoder decoder(std::numeric_limits<std::uint32_t>::max());
  wire::Frame frame;
  wire::Oversize oversize;
  decoder.feed(bytes);
  if (decoder.next(frame, oversize) != wire::Step::frame || frame.type != wire::PacketType::connect) return;
  for (const wire::Version version : {wire::Version::mqtt_3_1_1, wire::Version::mqtt_5}) {
    const auto connect = wire::parse_connect(frame, version);
    if (!connect || !connect->password) continue;
    const auto entry = tools::read_line(lines.substr(0, lines.find('\n')), 1);
    const std::size_t header = entry.packet.size - frame.body.size();
    const auto begin = header + static_cast<std::size_t>(connect->password->data() - frame.body.data());
    const std::size_t end = std::min(begin + connect->password->size(), entry.packet.masked.size());
    for (std::size_t i = begin; i < end; ++i)
      require(entry.packet.masked[i]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const char* protocol = (choice & mqtt_5_flag) != 0 ? "5" : "3.1.1";
  if ((choice & lines_flag) != 0) {
    read({reinterpret_cast<const char*>(data + 1), size - 1}, protocol, false);
    return 0;
  }
  const Bytes bytes = std::as_bytes(std::span(data + 1, size - 1));
  const std::string lines = traced(bytes, choice, bytes.size() + 1);
  require(traced(bytes, choice, 1) == lines);
  check_password(bytes, lines);
  const std::string log = logged(bytes, choice, bytes.size() + 1);
  require(logged(bytes, choice, 1) == log);
  if (!log.empty()) check_text(log);
  read(lines, protocol, true);
  return 0;
}
