#include "bench/guard/allocations.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> count{0};
std::atomic<std::uint64_t> in_use{0};

// glibc keeps one word of its own before what it gives.
std::uint64_t size_of(void* memory) noexcept {
  return ::malloc_usable_size(memory) + sizeof(std::size_t);
}

}  // namespace

namespace holdfast::guard {

std::uint64_t allocations() noexcept {
  return count.load(std::memory_order_relaxed);
}
std::uint64_t bytes_in_use() noexcept {
  return in_use.load(std::memory_order_relaxed);
}

}  // namespace holdfast::guard

// The array and nothrow forms call these.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  count.fetch_add(1, std::memory_order_relaxed);
  in_use.fetch_add(size_of(memory), std::memory_order_relaxed);
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  in_use.fetch_sub(size_of(memory), std::memory_order_relaxed);
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  operator delete(memory);
}
