#include "measurements.hpp"

namespace holdfast::tools {

namespace {

// Each client may word it differently.
constexpr std::size_t different_max = 20;

}  // namespace

void Mishaps::add(const std::string& what) {
  const std::lock_guard lock(mutex_);
  const bool known = counts_.count(what) != 0;
  ++counts_[known || counts_.size() < different_max ? what : "others"];
}

void Mishaps::add(const Error& error) {
  add(std::string(error.what()));
  const std::lock_guard lock(mutex_);
  if (!first_error_) first_error_ = error;
}

std::map<std::string, std::uint64_t> Mishaps::all() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::optional<Error> Mishaps::first_error() const {
  const std::lock_guard lock(mutex_);
  return first_error_;
}

}  // namespace holdfast::tools
