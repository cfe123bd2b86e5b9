// Where a session lasts beyond its Client.
#pragma once

#include <memory>

namespace holdfast {

/// A place for sessions; made by one of the functions below and given to Options::store. One Client at a
/// time.
class Store;

/// Keeps the session as long as the returned pointer lives: a Client made later with the same store, client
/// id and server goes on where an earlier one stopped, as another process would with a durable store.
[[nodiscard]] std::shared_ptr<Store> memory_store();

}  // namespace holdfast
