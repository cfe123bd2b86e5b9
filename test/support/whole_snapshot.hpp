// All that a store holds, the messages that wait included.
#pragma once

#include <utility>

#include "store/store.hpp"

namespace holdfast::support {

/// As store.open(); what waits is loaded and follows what is in flight, with packet identifier 0.
inline session::Snapshot open_whole(Store& store, session::TimePoint now = {}) {
  session::Snapshot snapshot = store.open(now);
  for (const auto& range : std::exchange(snapshot.waiting, {})) {
    for (auto& message : store.load(range))
      snapshot.messages.push_back({std::move(message), 0, false});
  }
  return snapshot;
}

}  // namespace holdfast::support
