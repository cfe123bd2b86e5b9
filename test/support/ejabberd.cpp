#include "support/ejabberd.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {
namespace {

namespace fs = std::filesystem;

constexpr const char* user = "ejabberd";
constexpr const char* erlang = "/usr/bin/erl";
/// Erlang is slow to start, the more so beside other tests.
constexpr std::chrono::milliseconds start_patience = 3 * patience;

/// Where Debian has its Erlang libraries, which is the architecture's directory; empty without ejabberd.
fs::path libraries() {
  std::error_code ignored;
  for (const auto& architecture : fs::directory_iterator("/usr/lib", ignored)) {
    for (const auto& entry : fs::directory_iterator(architecture.path(), ignored)) {
      if (entry.path().filename().string().starts_with("ejabberd-")) return architecture.path();
    }
  }
  return {};
}

/// What every Erlang program here is told: the secret that lets it talk to the others, and that the port
/// mapper is there.
const std::vector<std::string> among_nodes{"-setcookie", "holdfast", "-start_epmd", "false"};

}  // namespace

Ejabberd::Node::Node(const ErlangPortMapper& port_mapper, const fs::path& parent, std::string name,
                     const Certificate& certificate)
    : port_mapper_(port_mapper),
      name_(std::move(name)),
      directory_(parent / name_),
      port_(free_port()),
      websocket_port_(free_port()),
      tls_port_(free_port()) {
  for (const char* part : {"", "spool", "logs"})
    make_directory_of(user, directory_ / part);
  write_configuration(certificate);
  start();
}

std::string Ejabberd::Node::server() const {
  return server_at(port_);
}

std::string Ejabberd::Node::websocket_server() const {
  return "ws://127.0.0.1:" + std::to_string(websocket_port_) + "/mqtt";
}

std::string Ejabberd::Node::tls_server() const {
  return "mqtts://127.0.0.1:" + std::to_string(tls_port_);
}

std::string Ejabberd::Node::log() const {
  return content_of_log(directory_ / "log");
}

void Ejabberd::Node::write_configuration(const Certificate& certificate) const {
  const fs::path certificate_file = directory_ / "certificate.pem";
  std::ofstream(certificate_file) << certificate.certificate << certificate.key;
  std::ofstream(directory_ / "ejabberd.yml")
      << R"(hosts: [localhost]
loglevel: info
auth_method: [internal]
certfiles: [)"
      << certificate_file.string() << R"(]
listen:
  - {port: )"
      << tls_port_ << R"(, ip: "127.0.0.1", module: mod_mqtt, tls: true}
  - {port: )"
      << port_ << R"(, ip: "127.0.0.1", module: mod_mqtt, backlog: 1000}
  - {port: )"
      << websocket_port_ << R"(, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {/mqtt: mod_mqtt}}
modules:
  mod_mqtt:
    access_publish: {"#": [{allow: all}]}
    access_subscribe: {"#": [{allow: all}]}
    session_expiry: 1 hour
    max_queue: 50000
)";
}

void Ejabberd::Node::start() {
  std::vector<std::string> environment = port_mapper_.environment();
  environment.insert(environment.end(),
                     {"HOME=" + directory_.string(), "ERL_LIBS=" + libraries().string(),
                      "EJABBERD_CONFIG_PATH=" + (directory_ / "ejabberd.yml").string(),
                      "EJABBERD_LOG_PATH=" + (directory_ / "logs" / "ejabberd.log").string()});
  const fs::path spool = directory_ / "spool";
  log_before_ = log().size();
  // "+sbwt none": a node that has nothing to do shall not spin on processors that other tests need.
  std::vector<std::string> command{erlang,        "-noinput", "-sname",  name_ + "@localhost",
                                   "+sbwt",       "none",     "-kernel", "inet_dist_use_interface",
                                   "{127,0,0,1}", "-mnesia",  "dir",     '"' + spool.string() + '"',
                                   "-s",          "ejabberd"};
  command.insert(command.end(), among_nodes.begin(), among_nodes.end());
  process_ = std::make_unique<ChildProcess>(as_user(user, spool, environment, command), directory_ / "log");
}

bool Ejabberd::Node::is_up() const {
  // It listens before it knows its accounts.
  return log().find("is started in the node", log_before_) != std::string::npos;
}

void Ejabberd::Node::wait_until_up() {
  if (!eventually([this] { return !process_->running() || is_up(); }, start_patience) ||
      !process_->running()) {
    throw std::runtime_error("ejabberd does not start: " + log());
  }
}

void Ejabberd::Node::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(patience);
}

void Ejabberd::Node::restart() {
  start();
  wait_until_up();
}

Ejabberd::Ejabberd(std::size_t nodes) : port_mapper_(directory_.path() / "epmd.log") {
  if (!installed()) throw std::runtime_error("ejabberd is not installed: apt-get install ejabberd");
  open_to_all(directory_.path());
  const Certificate certificate = authority_.issue(for_this_machine());
  for (std::size_t index = 0; index < nodes; ++index) {
    nodes_.push_back(std::unique_ptr<Node>(
        new Node(port_mapper_, directory_.path(), "node" + std::to_string(index + 1), certificate)));
  }
  for (auto& node : nodes_)
    node->wait_until_up();
  std::vector<std::string> functions{std::string("'node1@localhost', ejabberd_auth, try_register, [<<\"") +
                                     user_name + "\">>, <<\"localhost\">>, <<\"" + password + "\">>]"};
  if (nodes > 1) {
    // ejabberd_admin:join_cluster returns before it has joined, since 24.
    functions.emplace_back("'node2@localhost', ejabberd_cluster, join, ['node1@localhost']");
  }
  // Else a node that is killed soon knows nothing of the account.
  for (const auto& node : nodes_)
    functions.push_back("'" + node->name_ + "@localhost', mnesia, sync_log, []");
  call(functions);
}

bool Ejabberd::installed() {
  return ::access(erlang, X_OK) == 0 && !libraries().empty();
}

std::vector<std::string> Ejabberd::servers() const {
  std::vector<std::string> servers;
  for (const auto& node : nodes_)
    servers.push_back(node->server());
  return servers;
}

void Ejabberd::restart_all() {
  // All at once: one that was alone in the end may have to wait for the others.
  for (auto& node : nodes_) {
    if (!node->running()) node->start();
  }
  for (auto& node : nodes_)
    node->wait_until_up();
}

/// Calls functions of the nodes, "node, module, function, arguments", each of which has to answer ok.
void Ejabberd::call(const std::vector<std::string>& functions) {
  std::string program;
  std::string expected;
  for (const std::string& function : functions) {
    program += "io:format(\"~p~n\", [rpc:call(" + function + ")]), ";
    expected += "ok\n";
  }
  std::vector<std::string> command{"/usr/bin/env", "HOME=" + directory_.path().string()};
  const std::vector<std::string> environment = port_mapper_.environment();
  command.insert(command.end(), environment.begin(), environment.end());
  command.insert(command.end(), {erlang, "-noshell", "-hidden", "-sname", "caller@localhost"});
  command.insert(command.end(), among_nodes.begin(), among_nodes.end());
  command.insert(command.end(), {"-eval", program + "halt()."});
  const fs::path answer = directory_.path() / "answer";
  ChildProcess caller(command, answer);
  if (caller.wait(start_patience) != 0 || content_of_log(answer) != expected) {
    throw std::runtime_error("ejabberd is not set up: " + content_of_log(answer) + nodes_[0]->log());
  }
}

}  // namespace holdfast::support
