// Where session state and outbox last: the interface behind Options::store.
#pragma once

#include <string>

#include <holdfast/store.hpp>

#include "session/record.hpp"

namespace holdfast {

/// Keeps sessions beyond their Client. A session belongs to a client id and a server; one Client has it open
/// at a time. What fails throws Error (Errc::store_failed) and leaves what is stored untouched.
class Store {
 public:
  struct Identity {
    std::string client_id;  ///< As configured: empty if the broker assigns it.
    std::string server;
  };

  Store() = default;
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Takes the session for one Client and gives all that is known of it. Throws if another Client has it.
  [[nodiscard]] virtual session::Snapshot open(const Identity& identity) = 0;
  /// Makes the changes last, all or none, before it returns. Network thread of the Client that opened
  /// `identity`.
  virtual void commit(const Identity& identity, const session::Journal& journal) = 0;
  /// Gives the session back. Never throws.
  virtual void close(const Identity& identity) noexcept = 0;
};

}  // namespace holdfast
