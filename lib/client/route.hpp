// Where attempts go: the servers of the options, and where brokers pointed us. Which of them is the next one,
// and when, session::ReconnectPolicy says; it calls them by the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/options.hpp>

#include "session/time.hpp"

namespace holdfast::client {

/// A server, and as whom to go there where the options do not say.
struct Destination {
  std::string server;  ///< As Options::server.
  std::optional<std::string> user_name = std::nullopt;
  std::optional<std::string> password = std::nullopt;
};

/// Pure: time and the seed come from outside.
class Route {
 public:
  /// `options` must outlive the route and have passed their check.
  Route(const Options& options, std::uint32_t seed);

  /// How many there are, without the guest, which is the number after the last.
  [[nodiscard]] std::size_t servers() const noexcept { return servers_.size(); }
  [[nodiscard]] const Destination& destination(std::size_t server) const;
  /// The servers that share a session with this endpoint; see session::server_group().
  [[nodiscard]] std::string group_of(const std::string& endpoint) const;
  /// The first server of the list that belongs to this group, which has our session; else the first of all.
  [[nodiscard]] std::size_t first_in(std::string_view group) const;

  /// connect() was called: what brokers said for the time being is forgotten.
  void reset();
  /// CONNACK with success came from `at`, a URL, on an attempt to this server. Returns which server it is
  /// from now on.
  std::size_t on_connected(std::size_t server, std::string_view at, session::TimePoint now);
  void on_attempt_failed(std::size_t server);

  struct Followed {
    std::optional<std::size_t> server;  ///< Where to go now; none: not followed.
    std::string what;                   ///< Where that is, or why not.
  };
  /// The broker at `giver`, this server, points elsewhere.
  Followed follow(std::string_view reference, bool permanent, std::size_t server, const Destination& giver,
                  session::TimePoint now);
  /// The last attempt failed: the next one of the references that came together, if there is one.
  std::optional<std::size_t> next_reference();

 private:
  struct Server {
    Destination destination;
    std::string endpoint;
    std::optional<Destination> moved_to = std::nullopt;
    bool doubts_move = false;  // The last attempt there failed: the old address may know better.
  };

  const Options& options_;
  std::vector<Server> servers_;
  Destination guest_;                    // Where the last reference led, unless that is one of ours.
  std::vector<Destination> references_;  // That came together, and are yet to be tried.
  std::size_t from_ = 0;                 // The server of ours from which they led away,
  bool permanent_ = false;               // for ever.
  unsigned redirects_ = 0;               // In a row, without a connection between them that lasted.
  std::optional<session::TimePoint> connected_at_;
};

}  // namespace holdfast::client
