#include "support/erlang.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {

ErlangPortMapper::ErlangPortMapper(const std::filesystem::path& log)
    : port_(free_port()),
      process_({"/usr/bin/epmd", "-address", "127.0.0.1", "-port", std::to_string(port_)}, log) {
  if (!eventually([this] { return !process_.running() || is_listening(port_); }) || !process_.running()) {
    throw std::runtime_error("epmd does not start: " + content_of_log(log));
  }
}

std::vector<std::string> ErlangPortMapper::environment() const {
  return {"ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT=" + std::to_string(port_)};
}

std::vector<std::string> as_user(const std::string& user, const std::filesystem::path& directory,
                                 const std::vector<std::string>& environment,
                                 const std::vector<std::string>& command) {
  std::vector<std::string> whole;
  if (::geteuid() == 0) {
    // Who becomes another user forgets that he is to die with his parent, unless told to keep it in mind.
    whole = {"/usr/bin/setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "--pdeathsig=keep"};
  }
  whole.insert(whole.end(), {"/usr/bin/env", "--chdir=" + directory.string()});
  whole.insert(whole.end(), environment.begin(), environment.end());
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

void make_directory_of(const std::string& user, const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  if (::geteuid() != 0) return;
  const ::passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr) throw std::runtime_error("there is no user " + user + ": is its package installed?");
  if (::chown(directory.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    throw std::system_error(errno, std::generic_category(), directory.string());
  }
}

void open_to_all(const std::filesystem::path& directory) {
  using std::filesystem::perms;
  std::filesystem::permissions(directory, perms::owner_all | perms::group_read | perms::group_exec |
                                              perms::others_read | perms::others_exec);
}

std::string content_of_log(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace holdfast::support
