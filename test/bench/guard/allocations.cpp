#include "bench/guard/allocations.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::uint64_t> count{0};
}

namespace holdfast::guard {

std::uint64_t allocations() noexcept {
  return count.load(std::memory_order_relaxed);
}

std::uint64_t bytes_in_use() noexcept {
  const auto all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
}

}  // namespace holdfast::guard

// The array and nothrow forms call this one.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  count.fetch_add(1, std::memory_order_relaxed);
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
