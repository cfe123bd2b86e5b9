// Preloaded into a program: counts its allocations, in whatever language, and writes the count to the file
// that HOLDFAST_ALLOCATIONS names when the program ends.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

// What glibc's malloc is called besides. Asking dlsym for it would allocate.
extern "C" {
void* __libc_malloc(std::size_t size);                          // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t count, std::size_t size);       // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* memory, std::size_t size);           // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(std::size_t boundary, std::size_t size);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

std::atomic<unsigned long> allocations{0};

void count() {
  allocations.fetch_add(1, std::memory_order_relaxed);
}

[[gnu::destructor]] void write_count() {
  const char* name = std::getenv("HOLDFAST_ALLOCATIONS");
  if (name == nullptr) return;
  const unsigned long counted = allocations;
  const int file = ::open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  ::dprintf(file, "%lu\n", counted);
  ::close(file);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t boundary, std::size_t size) {
  count();
  return __libc_memalign(boundary, size);
}

int posix_memalign(void** memory, std::size_t boundary, std::size_t size) {
  count();
  *memory = __libc_memalign(boundary, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
