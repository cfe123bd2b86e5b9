#include "simulation/crashable_store.hpp"

#include <utility>

#include <holdfast/error.hpp>

namespace holdfast::simulation {

void CrashableStore::commit(const session::Journal& journal, Clock& clock) {
  clock.now += std::exchange(slow_, std::chrono::nanoseconds(0));
  if (full_) throw Error(Errc::store_failed, "commit: no space left on device");
  store_->commit(journal, clock.now);
}

}  // namespace holdfast::simulation
