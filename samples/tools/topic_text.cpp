#include "topic_text.hpp"

#include <cstddef>

#include "refuse.hpp"
#include "reporting.hpp"

namespace holdfast::tools {

namespace {

// Control characters and noncharacters.
bool is_discouraged(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

// The character at `i`, which moves behind it. What is not UTF-8 the library refuses: some harmless one.
char32_t take_character(std::string_view text, std::size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  if (lead < 0x80) return lead;
  if (lead < 0xC2 || lead > 0xF4) return U'?';
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t c = lead & (0x3FU >> more);
  for (int k = 0; k < more; ++k) {
    if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return U'?';
    c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3FU);
  }
  return c;
}

}  // namespace

void check_characters(const std::string& option, std::string_view topic) {
  for (std::size_t i = 0; i < topic.size();) {
    if (!is_discouraged(take_character(topic, i))) continue;
    refuse(option + " \"" + printable(topic) +
           "\": has a control character, or one that is none, for which brokers close the "
           "connection: leave it out");
  }
}

}  // namespace holdfast::tools
