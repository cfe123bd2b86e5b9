// holdfast_pub and holdfast_sub over TLS, as a user asks for it: the options are mosquitto's,
// and so is what they mean.
#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.append(1, digits[byte >> 4U]).append(1, digits[byte & 0xFU]);
  }
  return text;
}

/// The broker, by a name that its certificate is for.
Arguments at(const Mosquitto& mosquitto) {
  return {"-h", "localhost", "-p", std::to_string(mosquitto.port())};
}

/// Empty if what holdfast_pub publishes with these options comes back to holdfast_sub with the same.
std::string fault_on_the_way(const Arguments& options) {
  const Outcome published = run(both({HOLDFAST_PUB, "-t", "t", "-m", "kept", "-r", "-q", "1"}, options));
  if (published.status != 0) return published.errors;
  const Outcome received = run(both({HOLDFAST_SUB, "-t", "t", "-C", "1"}, options));
  return received.status == 0 && received.output == "kept\n" ? "" : received.output + received.errors;
}

/// A client's certificate and key in files of its own.
struct ClientFiles {
  explicit ClientFiles(Mosquitto& mosquitto, const std::string& password = "") {
    const Certificate client =
        mosquitto.authority().issue({.common_name = "pump-17", .usage = CertificateUsage::client});
    certificate = write_file(directory.path() / "client.pem", client.certificate);
    key = write_file(directory.path() / "client.key",
                     password.empty() ? client.key : encrypted_key(client.key, password));
  }

  TemporaryDirectory directory;
  std::string certificate;
  std::string key;
};

/// The real one, which the options are named after.
Outcome mosquitto_pub(const Arguments& arguments) {
  return run(both({"/usr/bin/mosquitto_pub", "-V", "mqttv5", "-t", "t", "-m", "x", "-q", "1"}, arguments));
}

Outcome holdfast_pub(const Arguments& arguments) {
  return run(both({HOLDFAST_PUB, "-V", "mqttv5", "-t", "t", "-m", "x", "-q", "1"}, arguments));
}

}  // namespace

TEST_CASE("--cafile and --capath trust that authority", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const TemporaryDirectory directory;
  write_file(directory.path() / "ca.crt", mosquitto.authority().pem());
  CHECK(fault_on_the_way(both(at(mosquitto), {"--cafile", mosquitto.ca_file()})) == "");
  CHECK(fault_on_the_way(both(at(mosquitto), {"--capath", directory.path().string()})) == "");
  CHECK(fault_on_the_way({"-h", mosquitto.server(), "--cafile", mosquitto.ca_file()}) == "");
}

TEST_CASE("a broker that the system's authorities do not know is refused in words",
          "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const ClientFiles client(mosquitto);
  for (const Arguments& options :
       std::vector<Arguments>{both(at(mosquitto), {"--tls-use-os-certs"}),
                              both(at(mosquitto), {"--cert", client.certificate, "--key", client.key}),
                              {"-h", mosquitto.server()}}) {
    const Outcome outcome = holdfast_pub(options);
    CHECK(outcome.status == 8);
    CHECK(fault_of_pub(outcome, {"certificate", "authority"}) == "");
  }
  CHECK(mosquitto_pub(both(at(mosquitto), {"--tls-use-os-certs"})).status != 0);
}

TEST_CASE("the host's name is checked, unless --insecure", "[integration][tools][tls]") {
  CertificateAuthority authority;
  const Certificate other = authority.issue({.common_name = "other", .dns_names = {"other.example"}});
  Mosquitto mosquitto({.transport = Transport::tls, .certificate = other});
  const TemporaryDirectory directory;
  const Arguments options =
      both(at(mosquitto), {"--cafile", write_file(directory.path() / "ca.pem", authority.pem())});
  const Outcome refused = holdfast_pub(options);
  CHECK(refused.status == 8);
  CHECK(fault_of_pub(refused, {"localhost", "other.example"}) == "");
  CHECK(mosquitto_pub(options).status != 0);

  const Outcome insecure = holdfast_pub(both(options, {"--insecure"}));
  CHECK(insecure.status == 0);
  CHECK(insecure.errors != "");  // The loud warning.
  CHECK(mosquitto_pub(both(options, {"--insecure"})).status == 0);
  // The authority is checked all the same.
  CHECK(holdfast_pub(both(at(mosquitto), {"--insecure", "--tls-use-os-certs"})).status == 8);
  CHECK(mosquitto_pub(both(at(mosquitto), {"--insecure", "--tls-use-os-certs"})).status != 0);
}

TEST_CASE("--cert and --key show who we are", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::mutual_tls});
  const ClientFiles client(mosquitto);
  const Arguments trusting = both(at(mosquitto), {"--cafile", mosquitto.ca_file()});
  const Arguments showing = both(trusting, {"--cert", client.certificate, "--key", client.key});
  CHECK(fault_on_the_way(showing) == "");
  CHECK(mosquitto_pub(showing).status == 0);
  CHECK(holdfast_pub(trusting).status == 8);
  CHECK(mosquitto_pub(trusting).status != 0);
}

TEST_CASE("--key-password-file opens an encrypted key", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::mutual_tls});
  const ClientFiles client(mosquitto, "open sesame");
  const TemporaryDirectory directory;
  const Arguments options = both(
      at(mosquitto), {"--cafile", mosquitto.ca_file(), "--cert", client.certificate, "--key", client.key});
  const auto with_password = [&](const std::string& password) {
    return both(options, {"--key-password-file", write_file(directory.path() / "password", password + "\n")});
  };
  CHECK(fault_on_the_way(with_password("open sesame")) == "");
  const Outcome wrong = holdfast_pub(with_password("secret"));
  CHECK(fault_of_pub(wrong, {client.key, "password"}) == "");
  CHECK(wrong.errors.find("secret") == std::string::npos);
  CHECK(fault_of_pub(holdfast_pub(options), {client.key, "password"}) == "");
}

TEST_CASE("--psk is hexadecimal and takes the place of certificates", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::psk});
  const auto with_key = [&](const std::string& key) {
    return both(at(mosquitto), {"--psk", key, "--psk-identity", Mosquitto::psk_identity});
  };
  CHECK(fault_on_the_way(with_key(hexadecimal(Mosquitto::psk))) == "");
  CHECK(mosquitto_pub(with_key(hexadecimal(Mosquitto::psk))).status == 0);
  const Outcome wrong = holdfast_pub(with_key("deadbeef"));
  CHECK(wrong.status == 8);
  CHECK(wrong.errors.find("deadbeef") == std::string::npos);
}

TEST_CASE("--ciphers takes OpenSSL's names, --tls-version the oldest to accept",
          "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const Arguments options =
      both(at(mosquitto), {"--cafile", mosquitto.ca_file(), "--tls-version", "tlsv1.2", "--ciphers",
                           "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"});
  CHECK(fault_on_the_way(options) == "");
  CHECK(mosquitto_pub(options).status == 0);
  const Outcome unknown =
      holdfast_pub(both(at(mosquitto), {"--cafile", mosquitto.ca_file(), "--ciphers", "NO-SUCH-CIPHER"}));
  CHECK(fault_of_pub(unknown, {"NO-SUCH-CIPHER"}) == "");
}

TEST_CASE("--ciphers takes OpenSSL's keywords for all that is not weak, as mosquitto_pub does",
          "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const std::string keywords = GENERATE("HIGH", "ALL:!aNULL", "DEFAULT:!MD5:-RC4", "HIGH:!aNULL:!MD5:!3DES");
  const Arguments options = both(at(mosquitto), {"--cafile", mosquitto.ca_file(), "--ciphers", keywords});
  CHECK(mosquitto_pub(options).status == 0);
  CHECK(holdfast_pub(options).status == 0);
  for (const char* more : {"!AES256", "NO-SUCH-CIPHER", "@STRENGTH"}) {
    const Arguments with_more{"--cafile", mosquitto.ca_file(), "--ciphers", keywords + ":" + more};
    CHECK(fault_of_pub(holdfast_pub(both(at(mosquitto), with_more)), {more, "name each"}) == "");
  }
}

TEST_CASE("--tls-version tlsv1.1 accepts what is newer, as for mosquitto_pub", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const Arguments options =
      both(at(mosquitto), {"--cafile", mosquitto.ca_file(), "--tls-version", "tlsv1.1"});
  CHECK(fault_on_the_way(options) == "");
  CHECK(mosquitto_pub(options).status == 0);
}

TEST_CASE("options for TLS are told to do nothing without it, and mosquitto_pub ignores them",
          "[integration][tools][tls]") {
  Mosquitto mosquitto;
  const Arguments option =
      GENERATE(Arguments{"--insecure"}, Arguments{"--tls-version", "tlsv1.2"},
               Arguments{"--tls-alpn", "mqtt"}, Arguments{"--ciphers", "x"}, Arguments{"--tls-keylog", "f"});
  const Arguments arguments = both({"-h", "127.0.0.1", "-p", std::to_string(mosquitto.port())}, option);
  if (option.at(0) != "--tls-keylog") CHECK(mosquitto_pub(arguments).status == 0);
  const Outcome outcome = holdfast_pub(arguments);
  CHECK(outcome.status == 0);
  CHECK(fault_in(outcome.errors, "Warning", {option.at(0) + " does nothing without TLS"}) == "");
  CHECK(holdfast_pub(both(arguments, {"--quiet"})).errors == "");
}

TEST_CASE("what a -L asked of TLS, a later -L does not take back, as for mosquitto_pub",
          "[integration][tools][tls]") {
  Mosquitto mosquitto;
  const std::string host = "127.0.0.1:" + std::to_string(mosquitto.port());
  for (const char* program : {HOLDFAST_PUB, "/usr/bin/mosquitto_pub"})
    CHECK(run({program, "-m", "x", "-L", "mqtts://" + host + "/t", "-L", "mqtt://" + host + "/t"}).status !=
          0);
}

TEST_CASE("--tls-keylog appends the secrets of a connection", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const TemporaryDirectory directory;
  const std::filesystem::path log = directory.path() / "keys";
  for (const std::size_t lines : {1U, 2U}) {
    const Outcome outcome =
        holdfast_pub(both(at(mosquitto), {"--cafile", mosquitto.ca_file(), "--tls-keylog", log.string()}));
    CHECK(outcome.status == 0);
    CHECK(outcome.errors != "");  // A warning: who reads the file, reads the traffic.
    CHECK(count_of("CLIENT_RANDOM ", content_of(log)) +
              count_of("CLIENT_TRAFFIC_SECRET_0 ", content_of(log)) ==
          lines);
  }
}

TEST_CASE("-L mqtts:// and -L mqtt:// with options for TLS speak TLS", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const std::string scheme = GENERATE("mqtts://", "mqtt://");
  const Arguments options{"-L",       scheme + "localhost:" + std::to_string(mosquitto.port()) + "/t",
                          "--cafile", mosquitto.ca_file(),
                          "-m",       "x",
                          "-q",       "1"};
  CHECK(run(both({HOLDFAST_PUB}, options)).status == 0);
  CHECK(run(both({"/usr/bin/mosquitto_pub", "-V", "5"}, options)).status == 0);
}

TEST_CASE("options for TLS that make no sense are refused in one line, without keys",
          "[integration][tools][tls]") {
  const char* program = GENERATE(HOLDFAST_PUB, HOLDFAST_SUB);
  Arguments what{"-t", "t"};
  if (std::string(program) == HOLDFAST_PUB) what = {"-t", "t", "-m", "x"};
  const std::string absent = (std::filesystem::temp_directory_path() / "no such file").string();
  std::vector<Mistake> mistakes{
      {{"--cafile", "f", "--cert", "f"}, {"--cert needs --key"}},
      {{"--cafile", "f", "--key", "f"}, {"--key needs --cert"}},
      {{"--cafile", "f", "--key-password-file", "f"}, {"--key-password-file needs --key"}},
      {{"--tls-use-os-certs", "--cert", "f", "--key", "f", "--key-password-file", absent},
       {"--key-password-file " + absent, "cannot be read"}},
      {{"--cafile", "f", "--tls-use-os-certs"}, {"--tls-use-os-certs", "--cafile"}},
      {{"--capath", "f", "--tls-use-os-certs"}, {"--tls-use-os-certs", "--capath"}},
      {{"--psk", "5ec4e7"}, {"--psk needs --psk-identity"}},
      {{"--psk-identity", "i"}, {"--psk-identity needs --psk"}},
      {{"--psk", "00", "--psk-identity", "i", "--cafile", "f"}, {"--cafile", "--psk", "one of them"}},
      {{"--psk", "00", "--psk-identity", "i", "--cert", "f", "--key", "f"}, {"--cert", "--psk"}},
      {{"--psk", "00", "--psk-identity", "i", "--insecure"}, {"--insecure", "--psk"}},
      {{"--psk", "", "--psk-identity", "i"}, {"--psk", "hexadecimal"}},
      {{"--psk", "secret", "--psk-identity", "i"}, {"--psk", "hexadecimal"}},
      {{"--psk", "abc", "--psk-identity", "i"}, {"--psk", "even number"}},
      {{"--psk", std::string(66, 'a'), "--psk-identity", "i"}, {"--psk", "64"}},
      {{"--cafile", "f", "-h", "mqtt://a"}, {"--cafile", "-h mqtt://...", "mqtts://"}},
      {{"--cafile", "f", "--tls-version", "1.2"}, {"--tls-version 1.2", "tlsv1.2 or tlsv1.3"}},
      {{"--cafile", "f", "--tls-engine", "e"}, {"--tls-engine", "not supported", "--key"}},
      {{"--cafile", "f", "--tls-engine-kpass-sha1", "secret"}, {"--tls-engine-kpass-sha1", "not supported"}},
      {{"--cafile", "f", "--keyform", "engine"}, {"--keyform engine", "not supported"}},
  };
  for (Mistake& mistake : mistakes)
    mistake.arguments = both(what, mistake.arguments);
  CHECK(fault_with_whole(program, mistakes) == "");
}
