// A parsed packet, or why it could not be parsed.
#pragma once

#include <string_view>
#include <utility>
#include <variant>

#include <holdfast/reason_code.hpp>

namespace holdfast::wire {

/// The broker broke the standard. `reason` is the code the standard names for it; `what` is a static text
/// with the section.
struct DecodeError {
  ReasonCode reason;
  std::string_view what;
};

template <class T>
class Decoded {
 public:
  Decoded(T value) : content_(std::move(value)) {}  // NOLINT(google-explicit-constructor): reads as a return
  Decoded(DecodeError error) : content_(error) {}   // NOLINT(google-explicit-constructor): likewise

  [[nodiscard]] explicit operator bool() const noexcept { return content_.index() == 0; }
  [[nodiscard]] const T& operator*() const noexcept { return *std::get_if<T>(&content_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<T>(&content_); }
  [[nodiscard]] const DecodeError& error() const noexcept { return *std::get_if<DecodeError>(&content_); }

 private:
  std::variant<T, DecodeError> content_;
};

}  // namespace holdfast::wire
