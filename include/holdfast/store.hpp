// Where a session lasts beyond its Client.
#pragma once

#include <memory>

namespace holdfast {

/// A place for one session and its outbox; made by one of the functions below and given to Options::store.
/// One Client at a time. A Client that comes later goes on where the earlier one stopped: it resumes the
/// session if client id and server are the same; otherwise the session counts as lost, and what was accepted
/// and not sent goes to the new server.
class Store;

/// Keeps them as long as the returned pointer lives, but not beyond the process.
[[nodiscard]] std::shared_ptr<Store> memory_store();

}  // namespace holdfast
