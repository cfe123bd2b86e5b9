// The options of TLS: what contradicts itself, the names of ciphers, and the files.
#include <fstream>
#include <set>
#include <sstream>

#include <sys/stat.h>

#include "net/tls_ciphers.hpp"
#include "net/tls_files.hpp"
#include "support/temporary_directory.hpp"
#include "tls_link.hpp"

using namespace holdfast::net;
using namespace holdfast::test;
using namespace holdfast::support;

namespace {

std::string refusal(const TlsOptions& options) {
  try {
    check_tls(options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

/// What prepare() says of the files.
std::string file_refusal(const TlsOptions& options) {
  Tls tls(options);
  try {
    static_cast<void>(tls.prepare());
  } catch (const TransportError& error) {
    CHECK(error.code() == TransportErrc::tls);
    return error.what();
  }
  return "accepted";
}

std::string der_of(const std::string& pem) {
  // Base64 between the two lines.
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t begin = pem.find('\n');
  std::string der;
  unsigned bits = 0;
  int count = 0;
  for (std::size_t i = begin; pem[i] != '-'; ++i) {
    const std::size_t digit = digits.find(pem[i]);
    if (digit == std::string::npos) continue;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) der += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return der;
}

}  // namespace

TEST_CASE("options that contradict each other are refused with a sentence", "[net][tls][options]") {
  const auto with = [](auto change) {
    TlsOptions options;
    change(options);
    return refusal(options);
  };
  CHECK(with([](TlsOptions&) {}) == "accepted");
  CHECK(contains(with([](auto& o) { o.certificate_file = "c"; }), "key_file or key_pem is missing"));
  CHECK(contains(with([](auto& o) { o.key_pem = "k"; }), "certificate_file or certificate_pem is missing"));
  CHECK(contains(with([](auto& o) { o.certificate_file = o.certificate_pem = o.key_pem = "c"; }),
                 "give one of them"));
  CHECK(
      contains(with([](auto& o) { o.certificate_file = o.key_file = o.key_pem = "c"; }), "give one of them"));
  CHECK(contains(with([](auto& o) { o.key_password = "p"; }), "key_password is of no use"));
  CHECK(contains(with([](auto& o) { o.psk = "p"; }), "psk and psk_identity"));
  CHECK(contains(with([](auto& o) { o.psk_identity = "p"; }), "psk and psk_identity"));
  CHECK(with([](auto& o) { o.psk = std::string(32, 'p'), o.psk_identity = "i"; }) == "accepted");
  CHECK(contains(with([](auto& o) { o.psk = std::string(33, 'p'), o.psk_identity = "i"; }),
                 "33 bytes: at most 32"));
  CHECK(contains(with([](auto& o) { o.psk = o.psk_identity = o.certificate_pem = o.key_pem = "p"; }),
                 "not both"));
  CHECK(contains(with([](auto& o) { o.alpn = {""}; }), "1 to 255 bytes"));
  CHECK(contains(with([](auto& o) { o.alpn = {std::string(256, 'a')}; }), "1 to 255 bytes"));
  CHECK(contains(with([](auto& o) { o.server_name = std::string(256, 'a'); }), "server_name"));
  CHECK(
      contains(with([](auto& o) { o.ciphers = {"ROT13"}; }), "\"ROT13\" is no cipher suite of this mbedTLS"));
}

TEST_CASE("TLS 1.3 is refused where the library has none, and asked for where it has",
          "[net][tls][options]") {
  TlsOptions options = trusting();
  options.at_least_tls_1_3 = true;
  if (versions().size() == 1) {
    CHECK(contains(refusal(options), "has no TLS 1.3"));
    return;
  }
  CHECK(refusal(options) == "accepted");
  options.ciphers = {"ECDHE-ECDSA-AES128-GCM-SHA256"};
  CHECK(contains(refusal(options), "none of them is of TLS 1.3"));
  options.ciphers = {};
  Tls tls(options);
  const TlsServer old(server(TlsPeerVersion::tls_1_2));
  TlsLink refused(tls, old);
  CHECK(refused.shake_hands().status == IoStatus::failed);
  const TlsServer recent(server(TlsPeerVersion::tls_1_3));
  TlsLink accepted(tls, recent);
  CHECK(accepted.shake_hands().status == IoStatus::ok);
}

TEST_CASE("a cipher suite is chosen by each of its names", "[net][tls][options]") {
  const std::pair<const char*, const char*> names[] = {
      {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"ecdhe-ecdsa-aes128-gcm-sha256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES256-SHA384"},
      {"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {"ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-AES128-CCM8"},
      {"ECDHE-ECDSA-AES256-CCM", "ECDHE-ECDSA-AES256-CCM"}};
  for (const auto& [asked, chosen] : names) {
    TlsOptions options = trusting();
    options.ciphers = {asked};
    CHECK(refusal(options) == "accepted");
    TlsPeerConfig config = server();
    config.ciphers = "ALL:@SECLEVEL=0";
    Tls tls(options);
    const TlsServer other(config);
    TlsLink link(tls, other);
    INFO(asked);
    REQUIRE(link.shake_hands().status == IoStatus::ok);
    CHECK(link.peer.cipher() == chosen);
  }
}

TEST_CASE("the three names of a suite are one suite", "[net][tls][options]") {
  const std::vector<std::string> names[] = {
      {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", "TLS-RSA-WITH-AES-256-CBC-SHA"},
      {"TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256"},
      {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
      {"TLS_PSK_WITH_AES_128_CBC_SHA", "PSK-AES128-CBC-SHA"},
      {"TLS_PSK_WITH_AES_128_GCM_SHA256", "PSK-AES128-GCM-SHA256"},
      {"TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "ECDHE-PSK-AES128-CBC-SHA256"},
      {"TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", "ECDHE-RSA-CAMELLIA128-SHA256"}};
  for (const auto& alike : names) {
    const std::vector<int> numbers = parse_ciphers(alike);
    INFO(alike.front());
    CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == 1);
  }
}

TEST_CASE("certificates and keys are read as PEM and as DER, plain and encrypted", "[net][tls][options]") {
  CertificateRequest request;
  request.usage = CertificateUsage::client;
  const Certificate own = authority().issue(request);
  const TemporaryDirectory directory;
  TlsOptions options = trusting();
  options.certificate_pem = own.certificate;
  SECTION("plain") {
    options.key_pem = own.key;
  }
  SECTION("PBES2") {
    options.key_pem = encrypted_key(own.key, "secret");
    options.key_password = "secret";
  }
  SECTION("traditional") {
    options.key_pem = encrypted_key(own.key, "secret", KeyFormat::traditional);
    options.key_password = "secret";
  }
  SECTION("a password that is not needed") {
    options.key_pem = own.key;
    options.key_password = "secret";
  }
  SECTION("DER") {
    options.ca_pem.clear();
    options.ca_file = write_file(directory.path() / "ca.der", der_of(authority().pem()));
    options.certificate_pem.clear();
    options.certificate_file = write_file(directory.path() / "own.der", der_of(own.certificate));
    options.key_file = write_file(directory.path() / "key.der", der_of(own.key));
  }
  CHECK(file_refusal(options) == "accepted");
}

TEST_CASE("keys that do not open or do not fit are named", "[net][tls][options]") {
  const Certificate own = authority().issue({});
  TlsOptions options = trusting();
  options.certificate_pem = own.certificate;
  for (const KeyFormat format : {KeyFormat::pkcs8, KeyFormat::traditional}) {
    options.key_pem = encrypted_key(own.key, "secret", format);
    options.key_password.clear();
    CHECK(contains(file_refusal(options), "key_pem: it is encrypted: set key_password"));
    options.key_password = "wrong";
    CHECK(contains(file_refusal(options), "key_pem: key_password does not open it"));
  }
  options.key_pem = authority().issue({}).key;
  options.key_password.clear();
  CHECK(contains(file_refusal(options), "the private key in key_pem is not that of the certificate"));
  options.key_pem = "nonsense";
  CHECK(contains(file_refusal(options), "cannot use key_pem"));
}

TEST_CASE("files that hold something else are named", "[net][tls][options]") {
  const TemporaryDirectory directory;
  const std::string nonsense = write_file(directory.path() / "nonsense", "nonsense");
  const auto with = [](auto change) {
    TlsOptions options = trusting();
    change(options);
    return file_refusal(options);
  };
  CHECK(contains(with([&](auto& o) { o.ca_file = nonsense; }),
                 "ca_file \"" + nonsense + "\" holds no certificate"));
  CHECK(contains(with([&](auto& o) { o.ca_pem = "nonsense"; }), "ca_pem holds no certificate"));
  CHECK(contains(with([&](auto& o) { o.crl_file = nonsense; }),
                 "crl_file \"" + nonsense + "\" holds no revocation"));
  CHECK(contains(with([&](auto& o) { o.certificate_file = o.key_file = nonsense; }),
                 "certificate_file \"" + nonsense + "\" holds no certificate"));
  CHECK(contains(with([&](auto& o) { o.ca_file = directory.path().string(); }), "cannot read ca_file"));
  CHECK(contains(with([&](auto& o) { o.ca_file = "/dev/zero"; }), "longer than 16 MiB"));
  CHECK(contains(with([&](auto& o) { o.ca_directory = directory.path().string(); }), "holds no certificate"));
}

TEST_CASE("files are read again when they have changed, and only then", "[net][tls][options]") {
  const TemporaryDirectory directory;
  TlsOptions options;
  options.ca_file = write_file(directory.path() / "ca.pem", authority().pem());
  Tls tls(options);
  const auto first = tls.prepare();
  CHECK(tls.prepare() == first);
  write_file(options.ca_file, authority().pem());
  const auto second = tls.prepare();
  CHECK(second != first);
  CHECK(tls.prepare() == second);
  std::ofstream(options.ca_file, std::ios::app) << "\n";  // In place.
  const auto third = tls.prepare();
  CHECK(third != second);
  std::filesystem::remove(options.ca_file);
  CHECK_THROWS_AS(tls.prepare(), TransportError);
  write_file(options.ca_file, authority().pem());
  CHECK_NOTHROW(tls.prepare());
}

TEST_CASE("a link that is turned to other files is a change", "[net][tls][options]") {
  // As Kubernetes mounts secrets: the file is a link through a directory that is a link.
  const TemporaryDirectory directory;
  const auto& path = directory.path();
  for (const char* version : {"v1", "v2"}) {
    std::filesystem::create_directory(path / version);
    write_file(path / version / "ca.pem", authority().pem());
  }
  std::filesystem::create_directory_symlink("v1", path / "data");
  std::filesystem::create_symlink("data/ca.pem", path / "ca.pem");
  TlsOptions options;
  options.ca_file = (path / "ca.pem").string();
  Tls tls(options);
  const auto before = tls.prepare();
  CHECK(tls.prepare() == before);
  std::filesystem::remove(path / "data");
  std::filesystem::create_directory_symlink("v2", path / "data");
  CHECK(tls.prepare() != before);
}

TEST_CASE("the system's authorities are found where systems have them", "[net][tls][options]") {
  const TemporaryDirectory root;
  const std::string path = root.path().string();
  CHECK(system_authorities(path).empty());
  std::filesystem::create_directories(root.path() / "etc/ssl/certs");
  CHECK(system_authorities(path) == path + "/etc/ssl/certs");
  std::filesystem::create_directories(root.path() / "etc/pki/tls/certs");
  std::ofstream(root.path() / "etc/pki/tls/certs/ca-bundle.crt") << "x";
  CHECK(system_authorities(path) == path + "/etc/pki/tls/certs/ca-bundle.crt");
  std::ofstream(root.path() / "etc/ssl/certs/ca-certificates.crt") << "x";
  CHECK(system_authorities(path) == path + "/etc/ssl/certs/ca-certificates.crt");
}

TEST_CASE("the key log says what the other end says, and is for its owner's eyes", "[net][tls][options]") {
  for (const TlsPeerVersion version : versions()) {
    const TemporaryDirectory directory;
    TlsOptions options = trusting();
    options.key_log_file = (directory.path() / "keys").string();
    Tls tls(options);
    const TlsServer other(server(version));
    for (int connection = 0; connection < 2; ++connection) {
      TlsLink link(tls, other);
      REQUIRE(link.shake_hands().status == IoStatus::ok);
      std::string nothing;
      link.read_all(nothing);
    }
    std::ifstream file(options.key_log_file);
    std::set<std::string> written;
    for (std::string line; std::getline(file, line);)
      written.insert(line);
    std::set<std::string> expected;
    for (const std::string& line : other.key_log())
      if (line.rfind("EXPORTER_SECRET", 0) != 0) expected.insert(line);
    CHECK(written == expected);
    CHECK(written.size() == (version == TlsPeerVersion::tls_1_2 ? 2 : 8));
    struct stat status {};
    REQUIRE(::stat(options.key_log_file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}
