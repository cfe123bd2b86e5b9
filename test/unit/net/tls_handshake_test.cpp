// Handshakes that succeed, and every way in which they fail: with a name and words of its own.
#include <functional>

#include "tls_link.hpp"

using namespace holdfast::net;
using namespace holdfast::test;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// How the handshake ends.
struct Outcome {
  std::error_code error;
  std::string words;
};
Outcome outcome(TlsLink& link) {
  const IoResult result = link.shake_hands();
  REQUIRE(result.status != IoStatus::would_block);
  return {result.error, link.stream->failure()};
}
Outcome outcome(const TlsOptions& options, TlsPeerConfig config, const std::string& host = "localhost") {
  Tls tls(options);
  const TlsServer other(std::move(config));
  TlsLink link(tls, other, host);
  return outcome(link);
}

/// Goes on until the client waits for the peer's first bytes, which are returned instead of being delivered.
std::string first_flight(TlsLink& link) {
  REQUIRE(link.stream->advance().status == IoStatus::would_block);
  link.peer.feed(std::exchange(link.wire->to_peer, {}));
  return link.peer.take_output();
}

const std::error_code tls_error = TransportErrc::tls;
const std::error_code certificate_error = TransportErrc::certificate;

}  // namespace

TEST_CASE("a handshake goes through, with SNI, in every version", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    Tls tls(trusting());
    const TlsServer other(server(version));
    TlsLink link(tls, other);
    REQUIRE(link.shake_hands().status == IoStatus::ok);
    CHECK(link.peer.up());
    CHECK(link.peer.version() == (version == TlsPeerVersion::tls_1_2 ? "TLSv1.2" : "TLSv1.3"));
    CHECK(link.peer.server_name() == "localhost");
    CHECK(tls.counters().handshakes == 1);
    CHECK(tls.counters().resumed == 0);
  }
}

TEST_CASE("an address is compared with the certificate's addresses, and sends no SNI", "[net][tls]") {
  for (const char* host : {"127.0.0.1", "::1"}) {
    Tls tls(trusting());
    const TlsServer other(server());
    TlsLink link(tls, other, host);
    REQUIRE(link.shake_hands().status == IoStatus::ok);
    CHECK(link.peer.server_name().empty());
  }
  for (const char* host : {"127.0.0.2", "::2", "0.0.0.0"}) {
    const Outcome refused = outcome(trusting(), server(), host);
    CHECK(refused.error == certificate_error);
    CHECK(contains(refused.words,
                   "is not for \"" + std::string(host) + "\" but for localhost, 127.0.0.1, ::1"));
  }
}

TEST_CASE("server_name is what is expected and sent instead of the host", "[net][tls]") {
  TlsOptions options = trusting();
  options.server_name = "localhost";
  Tls tls(options);
  const TlsServer other(server());
  TlsLink link(tls, other, "10.0.0.1");
  REQUIRE(link.shake_hands().status == IoStatus::ok);
  CHECK(link.peer.server_name() == "localhost");
  options.server_name = "other.example";
  CHECK(outcome(options, server()).error == certificate_error);
}

TEST_CASE("wildcards, common names and a final dot count as they should", "[net][tls]") {
  const auto accepted = [](const CertificateRequest& request, const std::string& host) {
    TlsPeerConfig config;
    config.certificate = authority().issue(request);
    return !outcome(trusting(), config, host).error;
  };
  CertificateRequest wildcard;
  wildcard.dns_names = {"*.example.org"};
  CHECK(accepted(wildcard, "a.example.org"));
  CHECK(accepted(wildcard, "A.Example.ORG"));
  CHECK(accepted(wildcard, "a.example.org."));
  CHECK_FALSE(accepted(wildcard, "example.org"));
  CHECK_FALSE(accepted(wildcard, "a.b.example.org"));
  CHECK_FALSE(accepted(wildcard, "localhost"));  // Its common name: names in the extension are all there are.
  CertificateRequest old;
  old.common_name = "old.example.org";
  CHECK(accepted(old, "old.example.org"));
  CHECK_FALSE(accepted(old, "new.example.org"));
  old.common_name = "192.0.2.1";
  CHECK(accepted(old, "192.0.2.1"));
}

TEST_CASE("each problem of a certificate is named", "[net][tls]") {
  CertificateRequest expired = for_this_machine();
  expired.valid_until = -60s;
  CertificateRequest future = for_this_machine();
  future.valid_from = 3600s;
  CertificateRequest wrong_host;
  wrong_host.dns_names = {"broker.example"};
  CertificateRequest for_clients = for_this_machine();
  for_clients.usage = CertificateUsage::client;
  const struct {
    Certificate certificate;
    const char* words;
  } cases[] = {
      {authority().issue(expired), "the certificate expired on 20"},
      {authority().issue(future), "the certificate is not valid before 20"},
      {authority().issue(wrong_host), "is not for \"localhost\" but for broker.example"},
      {self_signed(for_this_machine()), "the certificate is self-signed"},
      {CertificateAuthority("Stranger").issue(for_this_machine()), "unknown authority: \"CN=Stranger\""},
      {authority().issue(for_clients), "is not meant for servers"}};
  for (const TlsPeerVersion version : versions()) {
    for (const auto& one : cases) {
      TlsPeerConfig config = server(version);
      config.certificate = one.certificate;
      Tls tls(trusting());
      const TlsServer other(config);
      TlsLink link(tls, other);
      const Outcome refused = outcome(link);
      CHECK(refused.error == certificate_error);
      CHECK(contains(refused.words, one.words));
      CHECK(refused.words.find(';') == std::string::npos);  // And no other.
      link.carry();
      CHECK(link.peer.failed());  // It was told.
      CHECK(tls.counters().handshakes == 0);
    }
  }
}

TEST_CASE("several problems of a certificate are all named", "[net][tls]") {
  CertificateRequest bad;
  bad.dns_names = {"broker.example"};
  bad.valid_until = -60s;
  TlsPeerConfig config;
  config.certificate = self_signed(bad);
  const Outcome refused = outcome(trusting(), config);
  CHECK(contains(refused.words, "is not for \"localhost\" but for broker.example"));
  CHECK(contains(refused.words, "expired on"));
  CHECK(contains(refused.words, "is self-signed"));
}

TEST_CASE("a self-signed certificate that is trusted itself is accepted", "[net][tls]") {
  TlsPeerConfig config;
  config.certificate = self_signed(for_this_machine());
  TlsOptions options;
  options.ca_pem = config.certificate.certificate;
  CHECK_FALSE(outcome(options, config).error);
}

TEST_CASE("without the host check the authority still counts", "[net][tls]") {
  TlsOptions options = trusting();
  options.verify_host = false;
  CHECK_FALSE(outcome(options, server(), "other.example").error);
  CHECK_FALSE(outcome(options, server(), "192.0.2.1").error);
  options.ca_pem = CertificateAuthority("Stranger").pem();
  CHECK(outcome(options, server()).error == certificate_error);
}

TEST_CASE("a peer that is too old is told from others", "[net][tls]") {
  const Outcome refused = outcome(trusting(), server(TlsPeerVersion::tls_1_1));
  CHECK(refused.error == tls_error);
  CHECK(contains(refused.words, "1.2 is the oldest"));
}

TEST_CASE("the client's certificate: missing, of a stranger, good", "[net][tls]") {
  CertificateRequest request;
  request.usage = CertificateUsage::client;
  for (const TlsPeerVersion version : versions()) {
    TlsPeerConfig config = server(version);
    config.client_ca = authority().pem();
    const auto end = [&](const TlsOptions& options) {
      Tls tls(options);
      const TlsServer other(config);
      TlsLink link(tls, other);
      IoResult result = link.shake_hands();
      std::string read;
      if (result.status == IoStatus::ok) result = link.read_all(read);  // TLS 1.3 tells it later.
      return Outcome{result.error, link.stream->failure()};
    };
    const Outcome missing = end(trusting());
    CHECK(missing.error == tls_error);
    CHECK(contains(missing.words, "wants a client's certificate"));
    TlsOptions options = trusting();
    const Certificate stranger = CertificateAuthority("Stranger").issue(request);
    options.certificate_pem = stranger.certificate;
    options.key_pem = stranger.key;
    const Outcome wrong = end(options);
    CHECK(wrong.error == tls_error);
    CHECK(contains(wrong.words, "does not trust the authority that issued the client's certificate"));
    const Certificate good = authority().issue(request);
    options.certificate_pem = good.certificate;
    options.key_pem = good.key;
    CHECK_FALSE(end(options).error);
  }
}

TEST_CASE("a pre-shared key: good, wrong, of a stranger", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    TlsPeerConfig config;
    config.version = version;
    config.psk_identity = "device";
    config.psk = "0123456789abcdef";
    TlsOptions options;
    options.psk_identity = config.psk_identity;
    options.psk = config.psk;
    CHECK_FALSE(outcome(options, config).error);
    options.psk = "wrong";
    const Outcome wrong = outcome(options, config);
    CHECK(wrong.error == tls_error);
    CHECK(contains(wrong.words, "pre-shared key"));
    options = {};
    options.psk_identity = "stranger";
    options.psk = config.psk;
    const Outcome stranger = outcome(options, config);
    CHECK(stranger.error == tls_error);
    CHECK(contains(stranger.words, "pre-shared key"));
  }
}

TEST_CASE("with a pre-shared key no certificate is accepted instead", "[net][tls]") {
  TlsOptions options;
  options.psk_identity = "device";
  options.psk = "0123456789abcdef";
  CHECK(outcome(options, server()).error == tls_error);
}

TEST_CASE("the protocol that both speak is chosen by ALPN; without one it is said", "[net][tls]") {
  TlsOptions options = trusting();
  options.alpn = {"x-amzn-mqtt-ca", "mqtt"};
  TlsPeerConfig config = server();
  config.alpn = {"http/1.1", "mqtt"};
  Tls tls(options);
  const TlsServer other(config);
  TlsLink link(tls, other);
  REQUIRE(link.shake_hands().status == IoStatus::ok);
  CHECK(link.peer.alpn() == "mqtt");
  config.alpn = {"http/1.1"};
  const Outcome refused = outcome(options, config);
  CHECK(refused.error == tls_error);
  CHECK(contains(refused.words, "none of the protocols in alpn"));
}

TEST_CASE("what is not TLS is said to be none, at once", "[net][tls]") {
  for (const std::string& garbage :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("SSH-2.0-OpenSSH_9.2\r\n"),
        std::string("\x20\x03\x00\x00\x00", 5), std::string(5, '\0'), std::string(100'000, '\xFF'),
        std::string("\x16\x03\x03\xFF\xFF", 5)}) {
    Tls tls(trusting());
    const TlsServer other(server());
    TlsLink link(tls, other);
    REQUIRE(link.stream->advance().status == IoStatus::would_block);
    link.wire->to_client = garbage;
    const IoResult result = link.stream->advance();
    CHECK(result.status == IoStatus::failed);
    CHECK(result.error == tls_error);
    CHECK(contains(link.stream->failure(), "is this a TLS port?"));
  }
}

TEST_CASE("a peer that closes without a word of TLS is asked whether it speaks it", "[net][tls]") {
  for (const bool reset : {false, true}) {
    Tls tls(trusting());
    const TlsServer other(server());
    TlsLink link(tls, other);
    REQUIRE(link.stream->advance().status == IoStatus::would_block);
    (reset ? link.wire->broken : link.wire->closed) = true;
    const IoResult result = link.stream->advance();
    CHECK(result.status == IoStatus::failed);
    CHECK(result.error == tls_error);
    CHECK(contains(link.stream->failure(), "without a word of TLS: is this a TLS port?"));
  }
}

TEST_CASE("a peer may close after any byte of its handshake: it is an error, never a hang", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    const TlsServer other(server(version));
    std::size_t flight_size = 1000;  // Until it is known.
    for (std::size_t bytes = 1; bytes < flight_size; bytes += bytes < 64 ? 1 : 5) {
      Tls tls(trusting());
      TlsLink link(tls, other);
      const std::string flight = first_flight(link);
      flight_size = flight.size();
      if (bytes >= flight_size) break;  // A signature may be a byte shorter than the one before.
      link.wire->to_client = flight.substr(0, bytes);
      link.wire->closed = true;
      IoResult result = link.stream->advance();
      for (int turn = 0; turn < 10 && result.status == IoStatus::would_block; ++turn)
        result = link.stream->advance();
      INFO(bytes << " of " << flight_size);
      REQUIRE(result.status == IoStatus::failed);
      REQUIRE(result.error == tls_error);
      REQUIRE(contains(link.stream->failure(), "closed the connection in the middle of the TLS handshake"));
    }
    CHECK(flight_size > 500);
  }
}

TEST_CASE("any damaged byte of the peer's handshake is an error, never a hang or a success", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    const TlsServer other(server(version));
    std::size_t flight_size = 1;
    for (std::size_t at = 0; at < flight_size; at += at < 100 ? 3 : 17) {
      Tls tls(trusting());
      TlsLink link(tls, other);
      std::string flight = first_flight(link);
      flight_size = flight.size();
      if (at >= flight_size) break;  // As above.
      flight[at] = static_cast<char>(flight[at] ^ 0x55);
      link.wire->to_client = flight;
      link.wire->closed = true;  // As if a peer that waits for us had given up.
      IoResult result = link.stream->advance();
      for (int turn = 0; turn < 10 && result.status == IoStatus::would_block; ++turn)
        result = link.stream->advance();
      INFO(at << " of " << flight_size);
      REQUIRE(result.status == IoStatus::failed);
    }
  }
}

TEST_CASE("a handshake goes through one byte at a time, both ways", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    Tls tls(trusting());
    const TlsServer other(server(version));
    TlsLink link(tls, other);
    link.wire->read_at_most = link.wire->write_at_most = 1;
    IoResult result = link.stream->advance();
    for (int turn = 0; turn < 10'000 && result.status == IoStatus::would_block; ++turn) {
      if (!link.wire->to_peer.empty()) {
        link.peer.feed(link.wire->to_peer.substr(0, 1));
        link.wire->to_peer.erase(0, 1);
        if (!link.wire->to_peer.empty()) continue;
      }
      link.wire->to_client += link.peer.take_output();
      result = link.stream->advance();
    }
    CHECK(result.status == IoStatus::ok);
  }
}

TEST_CASE("a handshake waits to write while the wire is full, and to read otherwise", "[net][tls]") {
  Tls tls(trusting());
  const TlsServer other(server());
  TlsLink link(tls, other);
  link.wire->write_room = 10;
  REQUIRE(link.stream->advance().status == IoStatus::would_block);
  CHECK(link.wire->to_peer.size() == 10);
  CHECK(link.stream->poll_events(false, false) == POLLOUT);
  link.wire->write_room = unlimited;
  REQUIRE(link.stream->advance().status == IoStatus::would_block);
  CHECK(link.stream->poll_events(false, false) == POLLIN);
  REQUIRE(link.shake_hands().status == IoStatus::ok);
  CHECK(link.stream->poll_events(false, false) == 0);
  CHECK(link.stream->poll_events(true, true) == (POLLIN | POLLOUT));
}

TEST_CASE("a peer that sends nothing but warnings has our ear for a moment, not for ever", "[net][tls]") {
  Tls tls(trusting());
  const TlsServer other(server());
  TlsLink link(tls, other);
  REQUIRE(link.stream->advance().status == IoStatus::would_block);
  constexpr std::size_t warnings = 150'000;
  for (std::size_t i = 0; i < warnings; ++i)
    link.wire->to_client.append("\x15\x03\x03\x00\x02\x01\x5A", 7);  // user_canceled
  const std::size_t sent = link.wire->to_client.size();
  CHECK(link.stream->advance().status == IoStatus::would_block);
  CHECK(link.wire->to_client.size() > sent / 2);
}
