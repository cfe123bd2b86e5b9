#include "client/route.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "client/server_reference.hpp"
#include "net/server_url.hpp"
#include "session/server_group.hpp"

namespace holdfast::client {

namespace {

constexpr unsigned redirects_in_a_row_max = 3;

std::string endpoint_of(const std::string& server) {
  return net::ServerUrl::parse(server).endpoint();
}

}  // namespace

Route::Route(const Options& options, std::uint32_t seed) : options_(options) {
  auto servers = options.servers.empty() ? std::vector{options.server} : options.servers;
  std::mt19937 random(seed);
  if (options.server_order == ServerOrder::shuffled) std::shuffle(servers.begin(), servers.end(), random);
  for (std::string& server : servers) {
    std::string endpoint = endpoint_of(server);
    servers_.push_back({{std::move(server)}, std::move(endpoint)});
  }
}

const Destination& Route::destination(std::size_t server) const {
  if (server == servers_.size()) return guest_;
  const Server& ours = servers_[server];
  return ours.moved_to && !ours.doubts_move ? *ours.moved_to : ours.destination;
}

std::string Route::group_of(const std::string& endpoint) const {
  if (options_.server_group == ServerGroup::independent) return endpoint;
  std::vector<std::string> endpoints;
  for (const Server& server : servers_)
    endpoints.push_back(server.endpoint);
  endpoints.push_back(endpoint);
  return session::server_group(endpoints);
}

std::size_t Route::first_in(std::string_view group) const {
  for (std::size_t server = 0; server < servers_.size(); ++server) {
    if (session::is_in_group(endpoint_of(destination(server).server), group)) return server;
  }
  return 0;
}

void Route::reset() {
  references_.clear();
  redirects_ = 0;
  connected_at_.reset();
}

std::size_t Route::on_connected(std::size_t server, std::string_view at, session::TimePoint now) {
  references_.clear();
  connected_at_ = now;
  if (server != servers_.size()) {
    // The old address takes us again.
    if (servers_[server].doubts_move) servers_[server].moved_to.reset();
    servers_[server].doubts_move = false;
    return server;
  }
  // A hook may have gone elsewhere.
  if (!std::exchange(permanent_, false) || at != guest_.server) return server;
  servers_[from_].moved_to = guest_;
  servers_[from_].doubts_move = false;
  return from_;
}

void Route::on_attempt_failed(std::size_t server) {
  if (server == servers_.size() || !servers_[server].moved_to) return;
  servers_[server].doubts_move = !servers_[server].doubts_move;
}

Route::Followed Route::follow(std::string_view reference, bool permanent, std::size_t server,
                              const Destination& giver, session::TimePoint now) {
  references_.clear();
  if (!options_.follow_server_reference) return {std::nullopt, "follow_server_reference is off"};
  if (connected_at_ && now - *connected_at_ >= options_.reconnect.stable_after) redirects_ = 0;
  connected_at_.reset();
  if (redirects_ == redirects_in_a_row_max) {
    // Perhaps they point at each other: back to our own servers, which may point somewhere better after a
    // while.
    redirects_ = 0;
    return {std::nullopt, "it is one too many in a row"};
  }
  ServerReferences found = parse_server_reference(reference, giver.server);
  if (found.servers.empty())
    return {std::nullopt, found.left_out.empty() ? "it names no server" : std::move(found.left_out)};
  ++redirects_;
  // Only a server of ours can be remembered to have moved, if need be over several steps.
  permanent_ = permanent && (server != servers_.size() || permanent_);
  if (server != servers_.size()) from_ = server;
  // Ours wins where the options say it; what the giver's URL says is meant for where it points, too.
  for (std::string& target : found.servers)
    references_.push_back({std::move(target), giver.user_name, giver.password});
  Followed followed{next_reference(), {}};
  followed.what = net::without_credentials(destination(*followed.server).server);
  return followed;
}

std::optional<std::size_t> Route::next_reference() {
  if (references_.empty()) return std::nullopt;
  Destination next = std::move(references_.front());
  references_.erase(references_.begin());
  const auto url = net::ServerUrl::parse(next.server);
  for (std::size_t server = 0; server < servers_.size(); ++server) {
    // One endpoint with TLS and without are two: a reference to the first must not lead to the second.
    const auto ours = net::ServerUrl::parse(destination(server).server);
    if (ours.endpoint() == url.endpoint() && ours.scheme == url.scheme) return server;
  }
  guest_ = std::move(next);
  return servers_.size();
}

}  // namespace holdfast::client
