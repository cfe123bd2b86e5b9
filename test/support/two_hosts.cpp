#include "support/two_hosts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::support {
namespace {

Descriptor this_namespace() {
  Descriptor opened(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!opened) throw std::system_error(errno, std::generic_category(), "/proc/thread-self/ns/net");
  return opened;
}

void enter(const Descriptor& net) {
  if (::setns(net.get(), CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "setns");
}

Descriptor new_namespace() {
  if (::unshare(CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "unshare");
  return this_namespace();
}

void run(const std::string& command) {
  const TemporaryDirectory directory;
  const auto log = directory.path() / "log";
  // Where tools for administrators lie is not on everybody's path.
  ChildProcess shell({"/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; " + command}, log);
  // The kernel makes changes of its rules visible to all processors first, which takes its time where they
  // are busy.
  if (shell.wait(6 * patience) == 0) return;
  std::ostringstream printed;
  printed << std::ifstream(log).rdbuf();
  throw std::runtime_error(command + ": " + printed.str());
}

}  // namespace

std::string TwoHosts::unavailable() {
  if (::geteuid() != 0) return "network namespaces need root";
  try {
    const TwoHosts hosts;
    hosts.judge_packets("drop");
    return {};
  } catch (const std::exception& error) {
    return std::string("network namespaces, iproute2 and nftables are needed: ") + error.what();
  }
}

TwoHosts::TwoHosts() : original_(this_namespace()) {
  broker_ = new_namespace();
  try {
    client_ = new_namespace();
    const std::string there = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(broker_.get());
    run_on_client("ip link add client type veth peer name broker netns " + there);
    run_on_client("ip addr add " + std::string(client_address) + "/24 dev client");
    run_on_client("ip link set lo up && ip link set client up");
    run_on_broker("ip addr add " + std::string(broker_address) + "/24 dev broker");
    run_on_broker("ip link set lo up && ip link set broker up");
  } catch (...) {
    enter(original_);
    throw;
  }
}

TwoHosts::~TwoHosts() {
  enter(original_);
}

void TwoHosts::on_broker(const std::function<void()>& what) const {
  enter(broker_);
  try {
    what();
  } catch (...) {
    enter(client_);
    throw;
  }
  enter(client_);
}

void TwoHosts::run_on_broker(const std::string& command) const {
  on_broker([&] { run(command); });
}

void TwoHosts::run_on_client(const std::string& command) const {
  run(command);
}

void TwoHosts::judge_packets(const std::string& verdict) const {
  const std::string port = std::to_string(broker_port);
  run_on_broker(
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
      "add chain inet t out { type filter hook output priority 0; }; add rule inet t in tcp dport " +
      port + ' ' + verdict + "; add rule inet t out tcp sport " + port + ' ' + verdict + "'");
}

void TwoHosts::reset_connections() const {
  run_on_broker(
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
      "add rule inet t in tcp dport " +
      std::to_string(broker_port) + " reject with tcp reset'");
}

}  // namespace holdfast::support
