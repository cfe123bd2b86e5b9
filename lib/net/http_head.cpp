#include "net/http_head.hpp"

#include <algorithm>

#include "net/text.hpp"

namespace holdfast::net {

namespace {

constexpr std::string_view protocol = "HTTP/1.";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_token_character(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
         others.find(c) != std::string_view::npos;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7F;
}

}  // namespace

bool is_http_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_http_value(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), is_control);
}

HttpHead::Step HttpHead::feed(std::string_view& input) {
  Step step = Step::need_more;
  while (step == Step::need_more && !input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view part = input.substr(0, end == std::string_view::npos ? end : end + 1);
    size_ += part.size();
    if (size_ > size_max) return refuse("the answer's head is longer than 16 KiB");
    line_ += part;
    input.remove_prefix(part.size());
    if (end == std::string_view::npos) {
      // Somebody who does not speak HTTP may send no line, and wait for us.
      const bool no_http = status_ == 0 && !line_.starts_with(protocol.substr(0, line_.size()));
      return no_http ? take_status_line(line_) : Step::need_more;
    }
    line_.pop_back();
    if (line_.ends_with('\r')) line_.pop_back();
    step = take_line(line_);
    line_.clear();
  }
  return step;
}

HttpHead::Step HttpHead::take_line(std::string_view line) {
  if (status_ == 0) return take_status_line(line);
  if (!line.empty()) return take_header_line(line);
  const bool interim = status_ < 200 && status_ != 101;
  if (!interim) return Step::complete;
  status_ = 0;
  headers_.clear();
  return Step::need_more;
}

// HTTP/1.1 101 Switching Protocols
HttpHead::Step HttpHead::take_status_line(std::string_view line) {
  constexpr std::size_t status_at = protocol.size() + 2;
  const std::string_view digits =
      line.size() < status_at + 3 ? std::string_view() : line.substr(status_at, 3);
  const bool valid = line.starts_with(protocol) && line.size() >= status_at + 3 &&
                     is_digit(line[protocol.size()]) && line[protocol.size() + 1] == ' ' &&
                     std::all_of(digits.begin(), digits.end(), is_digit) && digits[0] != '0' &&
                     (line.size() == status_at + 3 || line[status_at + 3] == ' ') && is_http_value(line);
  if (!valid) return refuse("the answer is no HTTP: \"" + shown(line) + "\"");
  status_ = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  reason_ = trimmed(line.substr(status_at + 3));
  return Step::need_more;
}

HttpHead::Step HttpHead::take_header_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  // A folded line, obsolete since 2014, fails here too: it begins with a space.
  if (colon == std::string_view::npos || !is_http_token(name) || !is_http_value(line))
    return refuse("the answer has a line that is no HTTP header: \"" + shown(line) + "\"");
  headers_.emplace_back(lower_case(name), trimmed(line.substr(colon + 1)));
  return Step::need_more;
}

HttpHead::Step HttpHead::refuse(std::string_view why) {
  fault_ = why;
  return Step::malformed;
}

std::string HttpHead::status_text() const {
  return std::to_string(status_) + (reason_.empty() ? "" : " " + shown(reason_));
}

std::optional<std::string> HttpHead::header(std::string_view name) const {
  const std::string wanted = lower_case(name);
  std::optional<std::string> joined;
  for (const auto& [known, value] : headers_) {
    if (known != wanted) continue;
    joined = joined ? *joined + ", " + value : value;
  }
  return joined;
}

}  // namespace holdfast::net
