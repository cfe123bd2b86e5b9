#include "support/proxies.hpp"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {

bool Proxy::installed(const char* program) {
  return ::access(program, X_OK) == 0;
}

Proxy::Proxy(const char* program, ProxyConfig config) : program_(program), config_(std::move(config)) {
  // A port may be taken between finding it and using it.
  for (int attempt = 0; attempt < 3; ++attempt) {
    port_ = free_port();
    write_configuration();
    if (start()) return;
  }
  throw std::runtime_error(program_ + " does not start: " + log());
}

bool Proxy::start() {
  process_ = std::make_unique<ChildProcess>(command(), directory_.path() / "log");
  return eventually([this] { return !process_->running() || is_listening(port_); }) && process_->running();
}

void Proxy::write_configuration() const {
  if (program_ != tinyproxy) return;
  std::ofstream file(directory_.path() / "configuration");
  file << "Port " << port_ << "\nListen 127.0.0.1\nTimeout 600\nAllow 127.0.0.1\n";
  if (config_.log_in) file << "BasicAuth " << config_.log_in->first << ' ' << config_.log_in->second << '\n';
  if (config_.connect_port) file << "ConnectPort " << *config_.connect_port << '\n';
}

std::vector<std::string> Proxy::command() const {
  if (program_ == tinyproxy) return {program_, "-d", "-c", (directory_.path() / "configuration").string()};
  // It tries one address of a name only: without -b that of localhost may be ::1.
  std::vector<std::string> made{program_, "-i", "127.0.0.1", "-b", "127.0.0.1", "-p", std::to_string(port_)};
  if (config_.log_in) made.insert(made.end(), {"-u", config_.log_in->first, "-P", config_.log_in->second});
  return made;
}

std::string Proxy::url(const std::string& credentials) const {
  return (program_ == tinyproxy ? "http://" : "socks5://") + (credentials.empty() ? "" : credentials + "@") +
         "127.0.0.1:" + std::to_string(port_);
}

std::string Proxy::log() const {
  std::ostringstream text;
  text << std::ifstream(directory_.path() / "log").rdbuf();
  return text.str();
}

void Proxy::end() {
  process_->signal(SIGKILL);
  process_->wait(patience);
}

void Proxy::restart() {
  if (!start()) throw std::runtime_error(program_ + " does not start again: " + log());
}

}  // namespace holdfast::support
