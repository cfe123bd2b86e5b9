#include "field_reader.hpp"

#include <algorithm>

#include "wire/utf8.hpp"

namespace holdfast::tools {

namespace {

std::string in_hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "0x";
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 0xFU];
  }
  return text;
}

std::string shown(std::string_view bytes) {
  return wire::is_well_formed_utf8(bytes) ? '"' + std::string(bytes) + '"' : in_hexadecimal(bytes);
}

}  // namespace

std::string_view FieldReader::text(std::string_view name) {
  const std::uint32_t size = two_bytes(name, Kind::detail);
  if (ended_) return {};
  found_.fields.back().name += " Length";
  return take(name, size);
}

std::string_view FieldReader::rest(std::string_view name) {
  if (ended_) return {};
  return take(name, packet_.size - position());
}

// Of what the trace masks or has cut off, the beginning.
std::string_view FieldReader::take(std::string_view name, std::size_t size) {
  const std::size_t begin = position();
  const std::size_t there = std::min(size, reader_.rest().size());
  overruns_ = size > packet_.size - begin;
  if (there < size && packet_.is_whole()) {
    end_within(name, Kind::value, begin);
    return {};
  }
  const auto bytes = reader_.bytes(there);
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto first = packet_.masked.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto masked = std::find(first, first + static_cast<std::ptrdiff_t>(there), true);
  const std::string_view visible = content.substr(0, static_cast<std::size_t>(masked - first));
  std::string value = shown(visible);
  if (visible.empty() && there != 0)
    value = "masked (" + std::to_string(size) + " bytes)";
  else if (visible.size() < size)
    value += " (the first " + std::to_string(visible.size()) + " of " + std::to_string(size) + " bytes)";
  ended_ = there < size;
  add(name, Kind::value, begin, std::move(value));
  return visible;
}

// Asterisks are no number, and nothing behind them can be told.
bool FieldReader::hides_from(std::size_t begin) {
  if (begin >= packet_.masked.size() || !packet_.masked[begin]) return false;
  const std::size_t size = reader_.rest().size();
  reader_.bytes(size);
  add("Unknown", Kind::value, begin, "masked from here on: " + std::to_string(size) + " bytes");
  ended_ = hidden_ = true;
  return true;
}

void FieldReader::bits(std::string_view name, std::string value) {
  if (ended_) return;
  const std::size_t offset = found_.fields.back().offset;
  found_.fields.push_back({offset, 1, std::string(name), std::move(value), Kind::bits});
}

void FieldReader::say(std::string value) {
  if (!ended_) found_.fields.back().value = std::move(value);
}

void FieldReader::give_up(std::string_view why) {
  const std::size_t begin = position();
  const std::size_t left = reader_.rest().size();
  reader_.bytes(left);
  if (!ended_ && left != 0)
    add("Unknown", Kind::value, begin, std::string(why) + ": " + std::to_string(left) + " bytes");
  ended_ = true;
}

void FieldReader::add(std::string_view name, Kind kind, std::size_t begin, std::string value) {
  found_.fields.push_back({begin, position() - begin, std::string(name), std::move(value), kind});
}

void FieldReader::end_within(std::string_view name, Kind kind, std::size_t begin) {
  const std::size_t there = packet_.bytes.size() - begin;
  found_.fields.push_back({begin, there, std::string(name),
                           packet_.is_whole() ? "the packet ends within it" : "the trace shows no more",
                           kind});
  ended_ = true;
}

}  // namespace holdfast::tools
