// A queue in one piece of memory, which it keeps: in steady state it allocates nothing, where a std::deque
// allocates every few hundred bytes.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace holdfast::session {

template <class T>
class Fifo {
 public:
  using iterator = typename std::vector<T>::iterator;

  Fifo() = default;
  Fifo(Fifo&& other) noexcept
      : items_(std::exchange(other.items_, {})), first_(std::exchange(other.first_, 0)) {}
  Fifo& operator=(Fifo&& other) noexcept {
    items_ = std::exchange(other.items_, {});
    first_ = std::exchange(other.first_, 0);
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == items_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size() - first_; }
  [[nodiscard]] T& front() noexcept { return items_[first_]; }
  [[nodiscard]] const T& front() const noexcept { return items_[first_]; }
  [[nodiscard]] T& back() noexcept { return items_.back(); }
  [[nodiscard]] iterator begin() noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  [[nodiscard]] iterator end() noexcept { return items_.end(); }
  [[nodiscard]] auto begin() const noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  [[nodiscard]] auto end() const noexcept { return items_.end(); }

  void reserve(std::size_t items) { items_.reserve(items); }
  void push_back(T item) {
    // What has left makes room before more memory does. Each item that moves up stands for one that has left.
    if (items_.size() == items_.capacity() && first_ > items_.size() / 2) {
      items_.erase(items_.begin(), begin());
      first_ = 0;
    }
    items_.push_back(std::move(item));
  }
  void pop_front() {
    items_[first_] = T();
    if (++first_ == items_.size()) clear();
  }
  void pop_back() {
    items_.pop_back();
    if (empty()) clear();
  }
  void erase(iterator first, iterator last) {
    items_.erase(first, last);
    if (empty()) clear();
  }
  void clear() noexcept {
    items_.clear();
    first_ = 0;
  }

 private:
  std::vector<T> items_;
  std::size_t first_ = 0;  // Those before it have left.
};

}  // namespace holdfast::session
