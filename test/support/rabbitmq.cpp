#include "support/rabbitmq.hpp"

#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {
namespace {

namespace fs = std::filesystem;

constexpr const char* user = "rabbitmq";
constexpr std::string_view versioned = "rabbitmq_server-";
/// Erlang is slow to start, the more so beside other tests.
constexpr std::chrono::milliseconds start_patience = 6 * patience;

}  // namespace

RabbitMq::RabbitMq() : RabbitMq(nullptr, "test@localhost") {}

RabbitMq::RabbitMq(RabbitMq& first) : RabbitMq(first.port_mapper_, "second@localhost") {
  control({"stop_app"});
  control({"join_cluster", first.node_});
  control({"start_app"});
  if (!eventually([&] { return is_listening(port_); }, start_patience))
    throw std::runtime_error("RabbitMQ does not come back after it joined: " + log());
}

RabbitMq::RabbitMq(std::shared_ptr<ErlangPortMapper> port_mapper, std::string node)
    : port_mapper_(std::move(port_mapper)),
      node_(std::move(node)),
      port_(free_port()),
      websocket_port_(free_port()),
      amqp_port_(free_port()),
      distribution_port_(free_port()) {
  if (!installed()) throw std::runtime_error("RabbitMQ is not installed: apt-get install rabbitmq-server");
  if (!port_mapper_) port_mapper_ = std::make_shared<ErlangPortMapper>(directory_.path() / "epmd.log");
  open_to_all(directory_.path());
  make_directory_of(user, directory_.path() / "home");
  write_configuration();
  start();
}

std::string RabbitMq::version() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/rabbitmq/lib", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(versioned)) return name.substr(versioned.size());
  }
  return {};
}

bool RabbitMq::installed() {
  return !version().empty();
}

bool RabbitMq::speaks_mqtt_5() {
  return std::strtol(version().c_str(), nullptr, 10) >= 4;
}

std::string RabbitMq::server() const {
  return server_at(port_);
}

std::string RabbitMq::websocket_server() const {
  return "ws://127.0.0.1:" + std::to_string(websocket_port_) + "/ws";
}

std::string RabbitMq::log() const {
  return content_of_log(directory_.path() / "log");
}

void RabbitMq::write_configuration() const {
  const fs::path home = directory_.path() / "home";
  std::ofstream configuration(home / "rabbitmq.conf");
  configuration << "listeners.tcp.1 = 127.0.0.1:" << amqp_port_
                << "\nmqtt.listeners.tcp.1 = 127.0.0.1:" << port_
                << "\nweb_mqtt.tcp.ip = 127.0.0.1\nweb_mqtt.tcp.port = " << websocket_port_ << '\n';
  if (speaks_mqtt_5()) {
    configuration << "anonymous_login_user = guest\nanonymous_login_pass = guest\n";
  } else {
    configuration << "mqtt.allow_anonymous = true\nmqtt.default_user = guest\nmqtt.default_pass = guest\n";
  }
  std::ofstream(home / "enabled_plugins") << "[rabbitmq_mqtt,rabbitmq_web_mqtt].\n";
}

std::vector<std::string> RabbitMq::node_environment() const {
  const std::string home = (directory_.path() / "home").string();
  std::vector<std::string> environment = port_mapper_->environment();
  // Its script runs the server in its own place, with the same process id, when it believes that systemd
  // waits for it.
  environment.insert(
      environment.end(),
      {"RUNNING_UNDER_SYSTEMD=true", "HOME=" + home, "RABBITMQ_NODENAME=" + node_,
       "RABBITMQ_CONFIG_FILE=" + home + "/rabbitmq.conf",
       "RABBITMQ_ENABLED_PLUGINS_FILE=" + home + "/enabled_plugins",
       "RABBITMQ_MNESIA_BASE=" + home + "/mnesia", "RABBITMQ_LOG_BASE=" + home, "RABBITMQ_LOGS=-",
       "RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_DIST_PORT=" + std::to_string(distribution_port_),
       "RABBITMQ_ERLANG_COOKIE=holdfast",
       "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt none -start_epmd false -kernel inet_dist_use_interface "
       "{127,0,0,1}"});
  return environment;
}

void RabbitMq::control(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{"/usr/lib/rabbitmq/bin/rabbitmqctl"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  ChildProcess process(as_user(user, (directory_.path() / "home").string(), node_environment(), command),
                       directory_.path() / "log");
  if (process.wait(start_patience) != 0)
    throw std::runtime_error("rabbitmqctl " + arguments.front() + " failed: " + log());
}

void RabbitMq::start() {
  const std::string home = (directory_.path() / "home").string();
  process_ = std::make_unique<ChildProcess>(
      as_user(user, home, node_environment(), {"/usr/lib/rabbitmq/bin/rabbitmq-server"}),
      directory_.path() / "log");
  const auto up = [this] { return is_listening(port_) && is_listening(websocket_port_); };
  if (!eventually([&] { return !process_->running() || up(); }, start_patience) || !process_->running()) {
    throw std::runtime_error("RabbitMQ does not start: " + log());
  }
}

void RabbitMq::kill_hard() {
  control({"eval", "ok = mnesia:sync_log()."});
  process_->signal(SIGKILL);
  process_->wait(patience);
}

void RabbitMq::restart() {
  start();
}

}  // namespace holdfast::support
