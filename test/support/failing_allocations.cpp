#include "support/failing_allocations.hpp"

#include <cstdlib>
#include <exception>
#include <new>

namespace {

// How many more allocations of this thread succeed; below zero, all.
thread_local long allocations_left = -1;
thread_local bool failed = false;

}  // namespace

bool holdfast::test::fails_at(long allocation, const std::function<void()>& work) {
  failed = false;
  allocations_left = allocation;
  try {
    work();
  } catch (const std::exception&) {
    // As announced.
  }
  allocations_left = -1;
  return failed;
}

// In a file of their own: where they are inlined g++ no longer sees that they belong together.

void* operator new(std::size_t size) {
  if (allocations_left >= 0 && allocations_left-- == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
