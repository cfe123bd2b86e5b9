#include "support/mosquitto.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/descriptor.hpp"
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

bool accepts_connections(const std::filesystem::path& unix_socket) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = unix_socket.string();
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("path too long for a socket: " + path);
  std::copy(path.begin(), path.end(), address.sun_path);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string hexadecimal(const std::string& bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

}  // namespace

Mosquitto::Mosquitto(const MosquittoConfig& config) : transport_(config.transport) {
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
  if (transport_ == Transport::tcp) return server_at(port_);
  if (transport_ == Transport::unix_socket) return "unix://" + (directory_.path() / "socket").string();
  return url_of(transport_, port_);
}

std::string Mosquitto::ca_file() const {
  return (directory_.path() / "ca.pem").string();
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
  write_listener(file, config);
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

void Mosquitto::write_listener(std::ostream& file, const MosquittoConfig& config) {
  const auto path = [this](const char* name) { return (directory_.path() / name).string(); };
  if (transport_ == Transport::unix_socket) {
    file << "listener 0 " << path("socket") << '\n';
    return;
  }
  const bool websocket = transport_ == Transport::websocket || transport_ == Transport::secure_websocket;
  // Mosquitto 2.0.11 ends at once if WebSocket is all that it shall listen for.
  if (websocket) file << "listener 0 " << path("unused") << '\n';
  file << "listener " << port_ << " 127.0.0.1\n";
  if (websocket) file << "protocol websockets\n";
  if (transport_ == Transport::psk) {
    std::ofstream(path("psk")) << psk_identity << ':' << hexadecimal(psk) << '\n';
    file << "psk_file " << path("psk") << "\npsk_hint hint\n";
  }
  if (transport_ == Transport::tls || transport_ == Transport::mutual_tls ||
      transport_ == Transport::secure_websocket) {
    write_certificates(file, config);
  }
  if (transport_ == Transport::mutual_tls) file << "require_certificate true\n";
}

void Mosquitto::write_certificates(std::ostream& file, const MosquittoConfig& config) {
  const Certificate own = config.certificate ? *config.certificate : authority_.issue(for_this_machine());
  file << "cafile " << write_file(ca_file(), authority_.pem()) << '\n'
       << "certfile " << write_file(directory_.path() / "server.pem", own.certificate) << '\n'
       << "keyfile " << write_file(directory_.path() / "server.key", own.key) << '\n';
}

bool Mosquitto::listens() const {
  return transport_ == Transport::unix_socket ? accepts_connections(directory_.path() / "socket")
                                              : is_listening(port_);
}

bool Mosquitto::start() {
  const std::string configuration = (directory_.path() / "mosquitto.conf").string();
  process_ = std::make_unique<ChildProcess>(std::vector<std::string>{program, "-c", configuration},
                                            directory_.path() / "log");
  return eventually([this] { return !process_->running() || listens(); }) && process_->running();
}

void Mosquitto::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(patience);
}

void Mosquitto::stand_still() {
  process_->signal(SIGSTOP);
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
