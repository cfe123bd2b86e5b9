#include "session/large_memory.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace holdfast::session {

// In front of each piece.
struct alignas(std::max_align_t) LargeMemory::Header {
  std::size_t bytes;             // Of the piece.
  std::shared_ptr<Shelf> shelf;  // Where it belongs while it is out.

  static void free(Header* header) noexcept {
    header->~Header();
    ::operator delete(static_cast<void*>(header));
  }
};

class LargeMemory::Shelf {
 public:
  Shelf() { kept_.reserve(kept_max / piece_min); }

  // The one that came last, whose memory is the warmest, of those that fit and are not far too large.
  Header* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [bytes](const Header* header) {
      return header->bytes >= bytes && header->bytes / 2 <= bytes;
    });
    if (found == kept_.rend()) return nullptr;
    Header* header = *found;
    kept_.erase(std::next(found).base());
    kept_bytes_ -= header->bytes;
    return header;
  }

  // Whether it is kept.
  bool put(Header* header) noexcept {
    const std::lock_guard lock(mutex_);
    if (closed_ || kept_bytes_ + header->bytes > kept_max) return false;
    kept_bytes_ += header->bytes;
    kept_.push_back(header);  // There is room: see the constructor.
    return true;
  }

  void close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (Header* header : kept_)
      Header::free(header);
    kept_.clear();
  }

 private:
  std::mutex mutex_;  // Guards all below.
  std::vector<Header*> kept_;
  std::size_t kept_bytes_ = 0;
  bool closed_ = false;
};

LargeMemory::LargeMemory() : shelf_(std::make_shared<Shelf>()) {}

LargeMemory::~LargeMemory() {
  if (shelf_) shelf_->close();
}

void* LargeMemory::take(std::size_t bytes) {
  const std::size_t size = std::max(bytes, piece_min);
  Header* header = shelf_->take(size);
  if (header == nullptr) header = new (::operator new(sizeof(Header) + size)) Header{size, nullptr};
  header->shelf = shelf_;
  return header + 1;
}

void LargeMemory::release(void* piece) noexcept {
  Header* header = static_cast<Header*>(piece) - 1;
  const std::shared_ptr<Shelf> shelf = std::move(header->shelf);
  if (!shelf->put(header)) Header::free(header);
}

}  // namespace holdfast::session
