// Two hosts with a cable between them, on one machine: network namespaces in which anything may go wrong.
#pragma once

#include <functional>
#include <string>

#include "support/descriptor.hpp"

namespace holdfast::support {

/// The calling thread, which has to be the main one, is on the client's host while this exists, and so is
/// every thread and process that it starts. The namespaces have no names: they are gone with the last of
/// these, however a test ends.
class TwoHosts {
 public:
  /// Why there can be none here; empty if there can.
  [[nodiscard]] static std::string unavailable();

  TwoHosts();
  ~TwoHosts();
  TwoHosts(const TwoHosts&) = delete;
  TwoHosts& operator=(const TwoHosts&) = delete;

  static constexpr const char* broker_address = "10.99.0.1";
  static constexpr const char* client_address = "10.99.0.2";
  static constexpr int broker_port = 1883;

  /// Does something on the broker's host.
  void on_broker(const std::function<void()>& what) const;
  /// Shell commands. The interfaces of the cable are called `broker` and `client`. Throw std::runtime_error
  /// with what was printed.
  void run_on_broker(const std::string& command) const;
  void run_on_client(const std::string& command) const;

  /// Lets nft judge each packet that comes to the broker's port or from it, for example "drop".
  void judge_packets(const std::string& verdict) const;
  /// Answers each packet that comes to the broker's port with a reset.
  void reset_connections() const;
  void stop_judging() const { run_on_broker("nft flush ruleset"); }

 private:
  Descriptor original_;
  Descriptor client_;
  Descriptor broker_;
};

}  // namespace holdfast::support
