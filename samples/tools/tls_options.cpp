#include "tls_options.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "refuse.hpp"
#include "secret_file.hpp"

namespace holdfast::tools {

namespace {

// Mosquitto's options for what only OpenSSL has. Named in a sentence rather than as unknown.
void refuse_engines(CLI::App& app) {
  for (const char* name : {"--tls-engine", "--tls-engine-kpass-sha1"}) {
    app.add_option_function<std::string>(
           name,
           [name](const std::string&) {
             refuse(std::string(name) +
                    ": engines of OpenSSL are not supported: give the key as a file, --key");
           })
        ->group("");
  }
  app.add_option_function<std::string>(
         "--keyform",
         [](const std::string& form) {
           if (form == "pem") return;
           refuse("--keyform " + form +
                  ": keys of an OpenSSL engine are not supported: give the key as "
                  "a file, --key, and leave --keyform out");
         })
      ->group("");
}

// The first of them that was given.
std::string first_given(std::initializer_list<std::pair<const char*, bool>> options) {
  for (const auto& [name, given] : options) {
    if (given) return name;
  }
  return "";
}

// Mosquitto's tools accept tlsv1.1 as the oldest, which with today's OpenSSL, too, is TLS 1.2.
TlsVersion version_of(const std::string& version) {
  if (version.empty() || version == "tlsv1.2" || version == "tlsv1.1") return TlsVersion::tls_1_2;
  if (version == "tlsv1.3") return TlsVersion::tls_1_3;
  refuse("--tls-version " + version + ": must be tlsv1.2 or tlsv1.3, the oldest version to accept");
}

// Never shows what it was given: it is a key.
std::string bytes_of(const std::string& digits) {
  constexpr std::size_t longest = 32;
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(&digits[i], &digits[i] + 2, byte, 16);
    if (error != std::errc() || end != &digits[i] + 2) break;
    bytes += static_cast<char>(byte);
  }
  if (bytes.empty() || bytes.size() * 2 != digits.size() || bytes.size() > longest) {
    refuse("--psk: must be 2 to 64 hexadecimal digits, an even number of them, without 0x in front");
  }
  return bytes;
}

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Of OpenSSL's keywords those that say nothing new: mbedTLS offers no cipher suite without authentication or
// encryption, and none that is outdated.
bool is_everything(const std::string& word) {
  return is_one_of(word, {"ALL", "DEFAULT", "HIGH"});
}
bool is_absent(const std::string& word) {
  return !word.empty() && (word.front() == '!' || word.front() == '-') &&
         is_one_of(word.substr(1), {"3DES", "ADH", "AECDH", "DES", "EXP", "EXPORT", "IDEA", "LOW", "MD5",
                                    "MEDIUM", "NULL", "RC2", "RC4", "SEED", "aNULL", "eNULL"});
}

// As ciphers(1) of OpenSSL separates them. Empty: all that there are.
std::vector<std::string> ciphers_of(const std::string& list) {
  std::vector<std::string> names;
  constexpr const char* separators = ":, ";
  for (std::size_t begin = 0; (begin = list.find_first_not_of(separators, begin)) != std::string::npos;) {
    const std::size_t end = std::min(list.find_first_of(separators, begin), list.size());
    names.push_back(list.substr(begin, end - begin));
    begin = end;
  }
  names.erase(std::remove_if(names.begin(), names.end(), is_absent), names.end());
  const auto others = std::remove_if(names.begin(), names.end(), is_everything);
  if (others != names.end() && others != names.begin())
    refuse("--ciphers: \"" + names.front() +
           "\" does not go with ALL, DEFAULT and HIGH: name each cipher suite");
  names.erase(others, names.end());
  return names;
}

void check(const TlsOptions& options) {
  const bool authorities = !options.ca_file.empty() || !options.ca_directory.empty();
  if (options.certificate_file.empty() != options.key_file.empty()) {
    refuse(options.key_file.empty() ? "--cert needs --key: the private key that belongs to the certificate"
                                    : "--key needs --cert: the certificate that the private key belongs to");
  }
  if (!options.key_password_file.empty() && options.key_file.empty()) {
    refuse("--key-password-file needs --key: the file with the encrypted private key");
  }
  if (options.system_certificates && authorities) {
    refuse(
        "--tls-use-os-certs does not go with --cafile or --capath: leave it out to trust those alone, or put "
        "all authorities into one file");
  }
  if (!options.psk) {
    if (!options.psk_identity.empty()) refuse("--psk-identity needs --psk: the key in hexadecimal digits");
    return;
  }
  if (options.psk_identity.empty())
    refuse("--psk needs --psk-identity: the name that the broker knows the key by");
  const std::string other = first_given({{"--cafile", !options.ca_file.empty()},
                                         {"--capath", !options.ca_directory.empty()},
                                         {"--tls-use-os-certs", options.system_certificates},
                                         {"--cert", !options.certificate_file.empty()},
                                         {"--insecure", options.insecure}});
  if (!other.empty()) {
    refuse(other +
           " does not go with --psk: a pre-shared key takes the place of certificates: give one of them");
  }
}

// Here it is a mistake on the command line, and no failure of TLS.
void check_readable(const std::string& option, const std::string& path) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return;
  refuse(option + " " + path + ": " + std::generic_category().message(errno));
}

}  // namespace

void TlsOptions::add_to(CLI::App& app) {
  app.add_option("--cafile", ca_file, "TLS: trust the certificate authorities in this file.")
      ->type_name("FILE");
  app.add_option("--capath", ca_directory,
                 "TLS: trust the certificate authorities in this directory's files.")
      ->type_name("DIRECTORY");
  app.add_flag(
      "--tls-use-os-certs", system_certificates,
      "TLS: trust the system's certificate authorities. So do -p 8883 and mqtts:// without --cafile, "
      "--capath and --psk.");
  app.add_option("--cert", certificate_file, "TLS: our certificate, in this file.")->type_name("FILE");
  app.add_option("--key", key_file, "TLS: the private key of --cert, in this file.")->type_name("FILE");
  app.add_option("--key-password-file", key_password_file,
                 "TLS: file whose first line is the password of an encrypted --key.")
      ->type_name("FILE");
  app.add_flag(
      "--insecure", insecure,
      "TLS: do not check that the broker's certificate is for the host. For tests only: anybody with a "
      "trusted certificate can pass for the broker.");
  app.add_option(
         "--tls-version", version,
         "TLS: the oldest version to accept: tlsv1.2 (the default, and what tlsv1.1 means) or tlsv1.3.")
      ->type_name("tlsv1.2|tlsv1.3");
  app.add_option("--tls-alpn", alpn, "TLS: application protocol to offer; may be given more than once.")
      ->allow_extra_args(false);
  app.add_option("--ciphers", ciphers, "TLS: cipher suites to allow, separated by colons.");
  app.add_option("--tls-keylog", key_log_file,
                 "TLS: append the connection's secrets to this file, for Wireshark. Who reads it, reads all.")
      ->type_name("FILE");
  app.add_option(
      "--psk", psk,
      "TLS: pre-shared key in hexadecimal digits. Other users can see it: better in --options-file.");
  app.add_option("--psk-identity", psk_identity, "TLS: the name that the broker knows --psk by.");
  refuse_engines(app);
}

std::string TlsOptions::asking() const {
  return first_given({{"--cafile", !ca_file.empty()},
                      {"--capath", !ca_directory.empty()},
                      {"--tls-use-os-certs", system_certificates},
                      {"--psk", psk.has_value()},
                      {"--cert", !certificate_file.empty()}});
}

std::string TlsOptions::needing() const {
  return first_given({{"--insecure", insecure},
                      {"--tls-version", !version.empty()},
                      {"--tls-alpn", !alpn.empty()},
                      {"--ciphers", !ciphers.empty()},
                      {"--tls-keylog", !key_log_file.empty()}});
}

void TlsOptions::check_files() const {
  check_readable("--cafile", ca_file);
  check_readable("--cert", certificate_file);
  check_readable("--key", key_file);
}

TlsSettings TlsOptions::to_settings() const {
  check(*this);
  TlsSettings settings;
  settings.ca_file = ca_file;
  settings.ca_directory = ca_directory;
  settings.verify_host = !insecure;
  settings.certificate_file = certificate_file;
  settings.key_file = key_file;
  if (!key_password_file.empty()) {
    settings.key_password = first_line_of("--key-password-file", key_password_file);
  }
  if (psk) settings.psk = bytes_of(*psk);
  settings.psk_identity = psk_identity;
  settings.minimum_version = version_of(version);
  settings.ciphers = ciphers_of(ciphers);
  settings.alpn = alpn;
  settings.key_log_file = key_log_file;
  return settings;
}

}  // namespace holdfast::tools
