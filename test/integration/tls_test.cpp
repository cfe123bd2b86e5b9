// The real client against a real mosquitto over TLS: whom it trusts, how it shows who it is, what goes wrong
// in words, and what a reconnect costs.
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include <spdlog/sinks/base_sink.h>

#include "client_under_test.hpp"
#include "support/certificates.hpp"
#include "support/loopback.hpp"
#include "support/mosquitto.hpp"
#include "support/relay.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

Options trusting(Mosquitto& mosquitto, std::string client_id = "client") {
  Options options = quick(mosquitto.server(), std::move(client_id));
  options.tls.ca_pem = mosquitto.authority().pem();
  return options;
}

bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

void check_traffic(Client& client) {
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  const std::string payload(100'000, 'x');
  REQUIRE(client.publish("t", payload, {.qos = QoS::exactly_once}).wait_for(patience));
  const auto message = client.receive(patience);
  REQUIRE(message);
  CHECK(message->payload() == payload);
}

class Lines final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  [[nodiscard]] std::size_t count(const std::string& part) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    }));
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level >= spdlog::level::warn)
      lines_.emplace_back(message.payload.data(), message.payload.size());
  }
  void flush_() override {}

  std::vector<std::string> lines_;
};

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::string through(const Relay& relay) {
  return "mqtts://localhost:" + std::to_string(relay.port());
}

}  // namespace

TEST_CASE("an authority in a file, in a directory or in memory is trusted", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  Options options = quick(mosquitto.server());
  const TemporaryDirectory directory;
  SECTION("file") {
    options.tls.ca_file = mosquitto.ca_file();
  }
  SECTION("memory") {
    options.tls.ca_pem = mosquitto.authority().pem();
  }
  SECTION("directory, with what is no certificate beside it") {
    write_file(directory.path() / "own.pem", mosquitto.authority().pem());
    write_file(directory.path() / "other.pem", CertificateAuthority("Other").pem());
    write_file(directory.path() / "README", "no certificate");
    std::filesystem::create_directory(directory.path() / "sub");
    options.tls.ca_directory = directory.path().string();
  }
  Client client(options);
  check_traffic(client);
  CHECK(client.statistics().tls_handshakes == 1);
}

TEST_CASE("by default the system's authorities are trusted, and no others", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const Refusal refused = refusal(quick(mosquitto.server()));
  if (contains(refused.what, "has no certificate authorities")) {  // A bare system.
    CHECK(refused.code == Errc::tls_failed);
    return;
  }
  CHECK(refused.code == Errc::certificate_rejected);
  CHECK(contains(refused.what, "unknown authority"));
}

TEST_CASE("a numeric address is compared with the addresses of the certificate", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  Options options = trusting(mosquitto);
  options.server = "mqtts://127.0.0.1:" + std::to_string(mosquitto.port());
  Client client(options);
  check_traffic(client);
}

TEST_CASE("a certificate that is not to be trusted is refused, and it is said why",
          "[integration][tls][U-5.4-1]") {
  CertificateAuthority authority;
  struct Case {
    Certificate certificate;
    std::string words;
  };
  CertificateRequest expired = for_this_machine();
  expired.valid_until = -60s;
  CertificateRequest future = for_this_machine();
  future.valid_from = 3600s;
  CertificateRequest other_host = for_this_machine();
  other_host.dns_names = {"broker.example", "*.plant.example"};
  CertificateRequest for_clients = for_this_machine();
  for_clients.usage = CertificateUsage::client;
  const std::vector<Case> cases{
      {authority.issue(expired), "expired on "},
      {authority.issue(future), "is not valid before "},
      {authority.issue(other_host),
       "is not for \"localhost\" but for broker.example, *.plant.example, 127.0.0.1, ::1"},
      {self_signed(for_this_machine()), "is self-signed"},
      {CertificateAuthority("Stranger").issue(for_this_machine()),
       "was issued by an unknown authority: \"CN=Stranger\""},
      {authority.issue(for_clients), "is not meant for servers"}};
  for (const Case& one : cases) {
    Mosquitto mosquitto({.transport = Transport::tls, .certificate = one.certificate});
    Options options = quick(mosquitto.server());
    options.tls.ca_pem = authority.pem();
    const Refusal refused = refusal(options);
    CHECK(refused.code == Errc::certificate_rejected);
    CHECK(contains(refused.what, one.words));
    CHECK(contains(refused.what, "mqtts://localhost"));
  }
}

TEST_CASE("a revoked certificate is refused", "[integration][tls]") {
  CertificateAuthority authority;
  const Certificate certificate = authority.issue(for_this_machine());
  Mosquitto mosquitto({.transport = Transport::tls, .certificate = certificate});
  const TemporaryDirectory directory;
  Options options = quick(mosquitto.server());
  options.tls.ca_pem = authority.pem();
  options.tls.crl_file =
      write_file(directory.path() / "revoked.pem", authority.revocation_list({certificate}));
  const Refusal refused = refusal(options);
  CHECK(refused.code == Errc::certificate_rejected);
  CHECK(contains(refused.what, "has been revoked"));
  write_file(options.tls.crl_file, authority.revocation_list({}));
  Client client(options);
  CHECK_NOTHROW(client.connect());
}

TEST_CASE("without checking the host any trusted certificate does, and each connection warns",
          "[integration][tls]") {
  CertificateAuthority authority;
  CertificateRequest other;
  other.dns_names = {"broker.example"};
  Mosquitto mosquitto({.transport = Transport::tls, .certificate = authority.issue(other)});
  Relay relay(mosquitto.port());
  const auto lines = std::make_shared<Lines>();
  const TemporaryDirectory directory;
  Options options = quick(through(relay));
  options.logger = std::make_shared<spdlog::logger>("test", lines);
  options.tls.ca_pem = authority.pem();
  options.tls.verify_host = false;
  options.tls.key_log_file = (directory.path() / "keys").string();
  {
    Client client(options);
    client.connect();
    CHECK(lines->count("WITHOUT CHECKING THE HOST") == 1);
    CHECK(lines->count("secrets of this TLS connection") == 1);
    relay.cut();
    REQUIRE(eventually([&] { return client.statistics().connects == 2; }));
    CHECK(lines->count("WITHOUT CHECKING THE HOST") == 2);
    CHECK(lines->count("secrets of this TLS connection") == 2);
  }
  const std::string keys = text_of(options.tls.key_log_file);
  CHECK((contains(keys, "CLIENT_RANDOM ") || contains(keys, "CLIENT_TRAFFIC_SECRET_0 ")));
  options.tls.ca_pem = CertificateAuthority().pem();
  CHECK(refusal(options).code == Errc::certificate_rejected);
}

TEST_CASE("mutual TLS: with a certificate of the broker's authority the client is let in",
          "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::mutual_tls});
  CertificateRequest request;
  request.common_name = "device1";
  request.usage = CertificateUsage::client;
  const Certificate own = mosquitto.authority().issue(request);
  const TemporaryDirectory directory;
  Options options = trusting(mosquitto);
  SECTION("files") {
    options.tls.certificate_file = write_file(directory.path() / "cert.pem", own.certificate);
    options.tls.key_file = write_file(directory.path() / "key.pem", own.key);
  }
  SECTION("memory") {
    options.tls.certificate_pem = own.certificate;
    options.tls.key_pem = own.key;
  }
  SECTION("encrypted key, as OpenSSL writes it") {
    options.tls.certificate_pem = own.certificate;
    options.tls.key_pem = encrypted_key(own.key, "secret");
    options.tls.key_password = "secret";
  }
  SECTION("encrypted key, as OpenSSL wrote it long ago") {
    options.tls.certificate_pem = own.certificate;
    options.tls.key_pem = encrypted_key(own.key, "secret", KeyFormat::traditional);
    options.tls.key_password = "secret";
  }
  Client client(options);
  check_traffic(client);
}

TEST_CASE("mutual TLS: without a certificate, or with a stranger's, it is said what the broker wants",
          "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::mutual_tls});
  Options options = trusting(mosquitto);
  const Refusal missing = refusal(options);
  CHECK(missing.code == Errc::tls_failed);
  CHECK(contains(missing.what, "wants a client's certificate"));
  CHECK(contains(missing.what, "certificate_file"));
  CertificateRequest request;
  request.usage = CertificateUsage::client;
  const Certificate wrong = CertificateAuthority("Stranger").issue(request);
  options.tls.certificate_pem = wrong.certificate;
  options.tls.key_pem = wrong.key;
  const Refusal stranger = refusal(options);
  CHECK(stranger.code == Errc::tls_failed);
  CHECK(contains(stranger.what, "does not trust the authority that issued the client's certificate"));
}

TEST_CASE("a pre-shared key opens the broker, a wrong one does not", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::psk});
  Options options = quick(mosquitto.server());
  options.tls.psk_identity = Mosquitto::psk_identity;
  options.tls.psk = Mosquitto::psk;
  {
    Client client(options);
    check_traffic(client);
    CHECK(client.statistics().tls_handshakes == 1);
  }
  Options wrong = options;
  wrong.tls.psk = "wrong";
  const Refusal wrong_key = refusal(wrong);
  CHECK(wrong_key.code == Errc::tls_failed);
  CHECK(contains(wrong_key.what, "pre-shared key"));
  wrong = options;
  wrong.tls.psk_identity = "stranger";
  const Refusal wrong_identity = refusal(wrong);
  CHECK(wrong_identity.code == Errc::tls_failed);
  CHECK(contains(wrong_identity.what, "pre-shared key"));
}

TEST_CASE("files that cannot be used are named", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const TemporaryDirectory directory;
  const std::string absent = (directory.path() / "absent.pem").string();
  Options options = trusting(mosquitto);
  SECTION("ca_file") {
    options.tls.ca_file = absent;
  }
  SECTION("ca_directory") {
    options.tls.ca_directory = absent;
  }
  SECTION("crl_file") {
    options.tls.crl_file = absent;
  }
  SECTION("certificate_file") {
    options.tls.certificate_file = absent;
    options.tls.key_file = absent;
  }
  SECTION("key_log_file") {
    options.tls.key_log_file = absent + "/in/nowhere";
  }
  const Refusal refused = refusal(options);
  CHECK(refused.code == Errc::tls_failed);
  CHECK(contains(refused.what, absent));
  CHECK((contains(refused.what, "No such file") || contains(refused.what, "Not a directory")));
}

TEST_CASE("a port that speaks no TLS is told from one that does not listen", "[integration][tls]") {
  Mosquitto mosquitto;
  Options options = quick("mqtts://127.0.0.1:" + std::to_string(mosquitto.port()));
  options.tls.ca_pem = mosquitto.authority().pem();
  const Refusal refused = refusal(options);
  CHECK(refused.code == Errc::tls_failed);
  CHECK(contains(refused.what, "is this a TLS port?"));
}

TEST_CASE("handshake_timeout holds against a peer that accepts and says nothing", "[integration][tls]") {
  const std::uint16_t port = free_port();
  const Descriptor listener = listen_on(port);
  Options options = quick("mqtts://127.0.0.1:" + std::to_string(port));
  options.tls.ca_pem = CertificateAuthority().pem();
  options.handshake_timeout = 200ms;
  const auto begin = std::chrono::steady_clock::now();
  const Refusal refused = refusal(options);
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(refused.code == Errc::timed_out);
  CHECK(contains(refused.what, "handshake_timeout"));
  CHECK(took >= 200ms);
  CHECK(took < 5s);
}

TEST_CASE("a hundred reconnects cost one full handshake", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  Relay relay(mosquitto.port());
  Options options = trusting(mosquitto);
  options.server = through(relay);
  Client client(options);
  client.connect();
  for (std::uint64_t connects = 2; connects <= 101; ++connects) {
    synchronize(client);  // A ticket of TLS 1.3 comes after the handshake.
    relay.cut();
    REQUIRE(eventually([&] { return client.statistics().connects == connects; }));
  }
  CHECK(client.statistics().tls_handshakes == 1);
  CHECK(client.statistics().tls_sessions_resumed == 100);
}

TEST_CASE("QoS 2 over TLS through a network that resets: nothing is missing and nothing comes twice",
          "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls, .lines = {"max_queued_messages 0"}});
  Client subscriber(trusting(mosquitto, "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", QoS::exactly_once);
  const std::size_t descriptors = open_descriptors();
  Relay relay(mosquitto.port());
  {
    Options options = trusting(mosquitto, "publisher");
    options.server = through(relay);
    options.poison_after = 0;  // Cut so often, any message comes under suspicion.
    Client publisher(options);
    publisher.connect();
    relay.cut_every(50ms);
    const auto deliveries = publish_all(publisher, numbers(0, 3'000), QoS::exactly_once);
    REQUIRE(eventually([&] { return publisher.statistics().connects >= 5; }));
    relay.heal();
    CHECK(succeeded(deliveries) == 3'000);
    CHECK(publisher.statistics().tls_handshakes + publisher.statistics().tls_sessions_resumed >=
          publisher.statistics().connects);
  }
  CHECK(difference(receive_payloads(subscriber, 3'000), numbers(0, 3'000)) == "");
  CHECK_FALSE(subscriber.receive(50ms));
  REQUIRE(eventually([&] { return relay.open_connections() == 0; }));
  CHECK(eventually([&] { return open_descriptors() <= descriptors + 4; }));  // The relay's own.
}

TEST_CASE("megabytes go through tiny socket buffers, and nothing waits for the next ping",
          "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  Options options = trusting(mosquitto);
  options.tcp.send_buffer = 4096;
  options.tcp.receive_buffer = 4096;
  Client client(options);
  client.connect();
  client.subscribe("t", QoS::at_least_once);
  std::string payload;
  for (int i = 0; payload.size() < std::size_t{2} << 20; ++i)
    payload += std::to_string(i) + ' ';
  for (const std::size_t size : {std::size_t{64} << 10, payload.size()}) {
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(client.publish("t", payload.substr(0, size), {.qos = QoS::at_least_once}).wait_for(patience));
    const auto message = client.receive(patience);
    REQUIRE(message);
    CHECK((message->payload() == payload.substr(0, size)));
    CHECK(std::chrono::steady_clock::now() - begin < 30s);  // Half the keep-alive.
  }
}

TEST_CASE("certificates that are replaced on disk count from the next connection on", "[integration][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  Relay relay(mosquitto.port());
  const TemporaryDirectory directory;
  Options options = quick(through(relay));
  options.tls.ca_file = write_file(directory.path() / "ca.pem", mosquitto.authority().pem());
  Client client(options);
  client.connect();
  synchronize(client);
  write_file(options.tls.ca_file, CertificateAuthority("Another").pem());
  relay.cut();
  // The session is not resumed, though the broker would: it was made with an authority that counts no more.
  std::optional<Disconnected> lost = wait_for<Disconnected>(client);
  while (lost && lost->error != Errc::certificate_rejected)
    lost = wait_for<Disconnected>(client);
  REQUIRE(lost);
  CHECK(contains(lost->what, "unknown authority"));
  write_file(options.tls.ca_file, mosquitto.authority().pem());
  REQUIRE(eventually([&] { return client.is_connected(); }));
  CHECK(client.statistics().tls_sessions_resumed == 0);
}
