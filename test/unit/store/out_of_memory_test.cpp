// A commit for which there is no memory, at each of its allocations.
#include <cstdlib>
#include <new>

#include "store_files.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

// How many more allocations of this thread succeed; below zero, all.
thread_local long allocations_left = -1;
thread_local bool failed = false;

// Whether an allocation of `work` failed.
bool fails_at(long allocation, const std::function<void()>& work) {
  failed = false;
  allocations_left = allocation;
  try {
    work();
  } catch (const std::exception&) {
    // Its own business.
  }
  allocations_left = -1;
  return failed;
}

}  // namespace

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

TEST_CASE(
    "when memory runs out amid a commit, all of it is in the file or nothing, and the next Client goes on",
    "[store][sqlite]") {
  bool done = false;
  for (long allocation = 0; !done; ++allocation) {
    CAPTURE(allocation);
    const Files files;
    const auto store = files.store();
    static_cast<void>(store->open({}));
    store->commit({Accepted{message(1)}, Accepted{message(2)}}, {});
    store->commit({Accepted{message(3)}, Accepted{message(4)}}, {});
    store->commit({Finished{1}, Finished{2}}, {});  // The next commit deletes their batch.
    const session::Journal journal{Accepted{message(5)}, Accepted{message(6)}, Sent{3, 7, QoS::at_least_once},
                                   Finished{4}};
    done = !fails_at(allocation, [&] { store->commit(journal, {}); });
    store->close();
    const auto found = rows(support::open_whole(*store));
    const bool nothing = found == std::vector<Row>{{3, 0, false}, {4, 0, false}};
    const bool all = found == std::vector<Row>{{3, 7, false}, {5, 0, false}, {6, 0, false}};
    REQUIRE((all || (nothing && !done)));
    store->commit({Accepted{message(9)}}, {});
    store->close();
    REQUIRE(rows(support::open_whole(*store)).size() == found.size() + 1);
  }
}
