#include "support/mosquitto.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {
namespace {

constexpr const char* program = "/usr/sbin/mosquitto";

/// Changes whenever mosquitto replaces its file: it writes a new one and renames it.
std::pair<ino_t, long> identity_of(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_mtim.tv_nsec};
}

}  // namespace

Mosquitto::Mosquitto(const MosquittoConfig& config) {
  std::filesystem::create_directory(directory_.path() / "db");
  // A port may be taken between finding it and using it.
  for (int attempt = 0; attempt < 3; ++attempt) {
    port_ = free_port();
    write_configuration(config);
    if (start()) return;
  }
  throw std::runtime_error("mosquitto does not start: " + log());
}

bool Mosquitto::installed() {
  return ::access(program, X_OK) == 0;
}

std::string Mosquitto::server() const {
  return server_at(port_);
}

std::string Mosquitto::log() const {
  std::ostringstream text;
  text << std::ifstream(directory_.path() / "log").rdbuf();
  return text.str();
}

void Mosquitto::write_configuration(const MosquittoConfig& config) {
  const std::filesystem::path password_file = directory_.path() / "passwords";
  std::ofstream file(directory_.path() / "mosquitto.conf");
  // Started as root it would become a user who cannot write to our directory.
  file << "user root\nlog_dest stderr\nlog_type all\n";
  if (config.persistence != Persistence::none) {
    file << "persistence true\npersistence_location " << (directory_.path() / "db").string() << "/\n";
  }
  if (config.persistence == Persistence::on_demand) file << "autosave_interval 0\n";
  if (config.persistence == Persistence::on_every_change) {
    file << "autosave_interval 1\nautosave_on_changes true\n";
  }
  for (const std::string& line : config.lines)
    file << line << '\n';
  file << "listener " << port_ << " 127.0.0.1\n";
  file << "allow_anonymous " << (config.users.empty() ? "true" : "false") << '\n';
  if (config.users.empty()) return;
  file << "password_file " << password_file.string() << '\n';
  std::ofstream(password_file).close();
  for (const auto& [name, password] : config.users) {
    ChildProcess hashing({"/usr/bin/mosquitto_passwd", "-b", password_file.string(), name, password},
                         directory_.path() / "log");
    if (hashing.wait(patience) != 0) throw std::runtime_error("mosquitto_passwd failed: " + log());
  }
}

bool Mosquitto::start() {
  const std::string configuration = (directory_.path() / "mosquitto.conf").string();
  process_ = std::make_unique<ChildProcess>(std::vector<std::string>{program, "-c", configuration},
                                            directory_.path() / "log");
  return eventually([this] { return !process_->running() || is_listening(port_); }) && process_->running();
}

void Mosquitto::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(patience);
}

void Mosquitto::terminate() {
  process_->signal(SIGTERM);
  if (!process_->wait(patience)) throw std::runtime_error("mosquitto does not end: " + log());
}

void Mosquitto::restart() {
  if (!start()) throw std::runtime_error("mosquitto does not start again: " + log());
}

void Mosquitto::save() {
  const std::filesystem::path database = directory_.path() / "db" / "mosquitto.db";
  const auto before = identity_of(database);
  process_->signal(SIGUSR1);
  if (!eventually([&] { return identity_of(database) != before; })) {
    throw std::runtime_error("mosquitto does not save: " + log());
  }
}

void Mosquitto::wipe_database() {
  std::filesystem::remove(directory_.path() / "db" / "mosquitto.db");
}

}  // namespace holdfast::support
