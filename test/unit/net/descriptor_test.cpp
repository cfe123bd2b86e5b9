#include <fcntl.h>

#include <type_traits>
#include <utility>

#include "net/file_descriptor.hpp"
#include "support/catch.hpp"

using holdfast::net::FileDescriptor;

namespace {

int open_one() {
  const int opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(opened >= 0);
  return opened;
}

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) != -1;
}

}  // namespace

static_assert(!std::is_copy_constructible_v<FileDescriptor> && !std::is_copy_assignable_v<FileDescriptor>);

TEST_CASE("a descriptor is closed with its owner", "[net][descriptor]") {
  const int raw = open_one();
  {
    const FileDescriptor owner(raw);
    CHECK(owner);
    CHECK(owner.get() == raw);
    CHECK(is_open(raw));
  }
  CHECK_FALSE(is_open(raw));
}

TEST_CASE("an owner of nothing closes nothing", "[net][descriptor]") {
  const int raw = open_one();
  { const FileDescriptor nothing; }
  const FileDescriptor nothing;
  CHECK_FALSE(nothing);
  CHECK(nothing.get() == -1);
  CHECK(is_open(raw));
  ::close(raw);
}

TEST_CASE("a moved descriptor is closed once, by its last owner", "[net][descriptor]") {
  const int raw = open_one();
  {
    FileDescriptor last;
    {
      FileDescriptor first(raw);
      FileDescriptor second(std::move(first));
      CHECK_FALSE(first);
      CHECK(second.get() == raw);
      last = std::move(second);
    }
    CHECK(last.get() == raw);
    CHECK(is_open(raw));
  }
  CHECK_FALSE(is_open(raw));
}

TEST_CASE("assigning closes what was owned before, no later than the right side ends", "[net][descriptor]") {
  const int old_one = open_one();
  const int new_one = open_one();
  FileDescriptor owner(old_one);
  owner = FileDescriptor(new_one);
  CHECK(owner.get() == new_one);
  CHECK(is_open(new_one));
  CHECK_FALSE(is_open(old_one));
  owner = FileDescriptor();
  CHECK_FALSE(owner);
  CHECK_FALSE(is_open(new_one));
}

TEST_CASE("a descriptor assigned to itself stays open", "[net][descriptor]") {
  const int raw = open_one();
  FileDescriptor owner(raw);
  FileDescriptor& same = owner;
  owner = std::move(same);
  CHECK(owner.get() == raw);
  CHECK(is_open(raw));
}
