// When a TLS session is resumed, and when it must not be.
#include "support/temporary_directory.hpp"
#include "tls_link.hpp"

using namespace holdfast::net;
using namespace holdfast::test;
using namespace holdfast::support;

namespace {

/// A connection that comes up and passes a byte, so that tickets of TLS 1.3 were read; whether the server
/// says that it took up an earlier session.
bool resumed(Tls& tls, const TlsServer& other, const std::string& host = "localhost",
             const std::string& endpoint = "localhost:8883") {
  TlsLink link(tls, other, host, endpoint);
  REQUIRE(link.shake_hands().status == IoStatus::ok);
  link.peer.write("x");
  link.carry();
  std::string received;
  link.read_all(received);
  REQUIRE(received == "x");
  return link.peer.resumed();
}

}  // namespace

TEST_CASE("a second connection resumes the session of the first, in every version",
          "[net][tls][resumption]") {
  for (const TlsPeerVersion version : versions()) {
    Tls tls(trusting());
    const TlsServer other(server(version));
    CHECK_FALSE(resumed(tls, other));
    for (int again = 0; again < 10; ++again)
      CHECK(resumed(tls, other));
    CHECK(tls.counters().handshakes == 1);
    CHECK(tls.counters().resumed == 10);
  }
}

TEST_CASE("a session is resumed at its own endpoint and host only", "[net][tls][resumption]") {
  Tls tls(trusting());
  const TlsServer other(server());
  CHECK_FALSE(resumed(tls, other));
  CHECK_FALSE(resumed(tls, other, "localhost", "localhost:8884"));
  CHECK_FALSE(resumed(tls, other, "127.0.0.1"));
  CHECK(resumed(tls, other));
  CHECK(tls.counters().handshakes == 3);
}

TEST_CASE("no session is resumed when it is switched off, or with other options", "[net][tls][resumption]") {
  TlsOptions options = trusting();
  options.session_resumption = false;
  const TlsServer other(server());
  Tls tls(options);
  CHECK_FALSE(resumed(tls, other));
  CHECK_FALSE(resumed(tls, other));
  CHECK(tls.counters().handshakes == 2);
}

TEST_CASE("a server that resumes nothing is counted right", "[net][tls][resumption]") {
  for (const TlsPeerVersion version : versions()) {
    TlsPeerConfig config = server(version);
    config.tickets = false;
    const TlsServer other(config);
    Tls tls(trusting());
    CHECK_FALSE(resumed(tls, other));
    CHECK_FALSE(resumed(tls, other));
    CHECK(tls.counters().handshakes == 2);
    CHECK(tls.counters().resumed == 0);
  }
}

TEST_CASE("a server that has lost its ticket keys gets a full handshake", "[net][tls][resumption]") {
  for (const TlsPeerVersion version : versions()) {
    Tls tls(trusting());
    const TlsServer before(server(version));
    CHECK_FALSE(resumed(tls, before));
    const TlsServer after(server(version));
    CHECK_FALSE(resumed(tls, after));
    CHECK(resumed(tls, after));
    CHECK(tls.counters().handshakes == 2);
    CHECK(tls.counters().resumed == 1);
  }
}

TEST_CASE("a session is thrown away when a file of the options changes", "[net][tls][resumption]") {
  const TemporaryDirectory directory;
  CertificateRequest request;
  request.usage = CertificateUsage::client;
  const Certificate own = authority().issue(request);
  TlsOptions options;
  options.ca_file = write_file(directory.path() / "ca.pem", authority().pem());
  options.crl_file = write_file(directory.path() / "crl.pem", authority().revocation_list({}));
  options.certificate_file = write_file(directory.path() / "own.pem", own.certificate);
  options.key_file = write_file(directory.path() / "own.key", own.key);
  options.ca_directory = (directory.path() / "more").string();
  std::filesystem::create_directory(options.ca_directory);
  write_file(directory.path() / "more" / "ca.pem", authority().pem());
  const TlsServer other(server());
  Tls tls(options);
  CHECK_FALSE(resumed(tls, other));
  CHECK(resumed(tls, other));
  SECTION("ca_file") {
    write_file(options.ca_file, authority().pem() + authority().pem());
  }
  SECTION("crl_file") {
    write_file(options.crl_file, authority().revocation_list({own}));
  }
  SECTION("certificate_file") {
    const Certificate renewed = authority().issue(request);
    write_file(options.certificate_file, renewed.certificate);
    write_file(options.key_file, renewed.key);
  }
  SECTION("ca_directory: a file more") {
    write_file(directory.path() / "more" / "new.pem", authority().pem());
  }
  SECTION("ca_directory: a file less") {
    write_file(directory.path() / "more" / "new.pem", authority().pem());
    std::filesystem::remove(directory.path() / "more" / "ca.pem");
  }
  CHECK_FALSE(resumed(tls, other));
  CHECK(resumed(tls, other));
}

TEST_CASE("a handshake that fails leaves no session behind", "[net][tls][resumption]") {
  Tls tls(trusting());
  const TlsServer other(server());
  CHECK_FALSE(resumed(tls, other));
  {
    TlsLink link(tls, other);
    REQUIRE(link.stream->advance().status == IoStatus::would_block);
    link.wire->closed = true;
    CHECK(link.stream->advance().status == IoStatus::failed);
  }
  CHECK_FALSE(resumed(tls, other));
}

TEST_CASE("with a pre-shared key each handshake is a full one", "[net][tls][resumption]") {
  for (const TlsPeerVersion version : versions()) {
    TlsPeerConfig config;
    config.version = version;
    config.psk_identity = "device";
    config.psk = "0123456789abcdef";
    TlsOptions options;
    options.psk_identity = config.psk_identity;
    options.psk = config.psk;
    const TlsServer other(config);
    Tls tls(options);
    resumed(tls, other);
    resumed(tls, other);
    CHECK(tls.counters().handshakes == 2);
    CHECK(tls.counters().resumed == 0);
  }
}
