// A real ejabberd, one node or a cluster of two, on ports and in directories of its own, for tests that kill
// and restart nodes. It speaks MQTT 5, keeps sessions in the memory of the node that had them last, and is
// the only broker in Debian that clusters with MQTT 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/certificates.hpp"
#include "support/child_process.hpp"
#include "support/erlang.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::support {

/// One thread at a time. Its programs are ended with the object.
class Ejabberd {
 public:
  /// The one account, on all nodes.
  static constexpr const char* user_name = "alice";
  static constexpr const char* password = "secret";

  /// What a node offers, and how it is ended.
  class Node {
   public:
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string server() const;
    [[nodiscard]] std::string websocket_server() const;
    [[nodiscard]] std::string tls_server() const;
    [[nodiscard]] std::string log() const;
    [[nodiscard]] bool running() { return process_->running(); }

    /// SIGKILL: the sessions that this node had last are gone.
    void kill_hard();
    /// Starts it again on the same ports, and waits until it accepts connections.
    void restart();

   private:
    friend class Ejabberd;
    Node(const ErlangPortMapper& port_mapper, const std::filesystem::path& parent, std::string name,
         const Certificate& certificate);
    void write_configuration(const Certificate& certificate) const;
    void start();
    [[nodiscard]] bool is_up() const;
    void wait_until_up();

    const ErlangPortMapper& port_mapper_;
    std::string name_;
    std::filesystem::path directory_;
    std::uint16_t port_;
    std::uint16_t websocket_port_;
    std::uint16_t tls_port_;
    std::size_t log_before_ = 0;  // What the lives before this one had said.
    std::unique_ptr<ChildProcess> process_;
  };

  /// Starts that many nodes (1 or 2) and joins them to a cluster. Throws std::runtime_error with their logs
  /// if that fails, or if the package is missing.
  explicit Ejabberd(std::size_t nodes = 1);

  /// Whether Debian's package is there.
  [[nodiscard]] static bool installed();

  [[nodiscard]] Node& node(std::size_t index) { return *nodes_.at(index); }
  /// Who vouches for the nodes' certificates.
  [[nodiscard]] std::string authority() const { return authority_.pem(); }
  /// Of each node, as Options::servers wants them.
  [[nodiscard]] std::vector<std::string> servers() const;
  /// Starts the nodes again that are down: how a test leaves a cluster for the next one.
  void restart_all();

 private:
  void call(const std::vector<std::string>& functions);

  TemporaryDirectory directory_;
  CertificateAuthority authority_;
  ErlangPortMapper port_mapper_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace holdfast::support
