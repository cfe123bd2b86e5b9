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

Proxy::Proxy(const char* program, const ProxyConfig& config) : program_(program) {
  // A port may be taken between finding it and using it.
  for (int attempt = 0; attempt < 3; ++attempt) {
    port_ = free_port();
    write_configuration(config);
    process_ = std::make_unique<ChildProcess>(command(config), directory_.path() / "log");
    if (eventually([this] { return !process_->running() || is_listening(port_); }) && process_->running())
      return;
  }
  throw std::runtime_error(program_ + " does not start: " + log());
}

void Proxy::write_configuration(const ProxyConfig& config) const {
  if (program_ != tinyproxy) return;
  std::ofstream file(directory_.path() / "configuration");
  file << "Port " << port_ << "\nListen 127.0.0.1\nTimeout 600\nAllow 127.0.0.1\n";
  if (config.log_in) file << "BasicAuth " << config.log_in->first << ' ' << config.log_in->second << '\n';
  if (config.connect_port) file << "ConnectPort " << *config.connect_port << '\n';
}

std::vector<std::string> Proxy::command(const ProxyConfig& config) const {
  if (program_ == tinyproxy) return {program_, "-d", "-c", (directory_.path() / "configuration").string()};
  std::vector<std::string> made{program_, "-i", "127.0.0.1", "-p", std::to_string(port_)};
  if (config.log_in) made.insert(made.end(), {"-u", config.log_in->first, "-P", config.log_in->second});
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

}  // namespace holdfast::support
