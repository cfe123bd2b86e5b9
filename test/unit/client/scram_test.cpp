#include "client/scram.hpp"

#include <functional>
#include <stdexcept>
#include <string>

#include <holdfast/authenticator.hpp>

#include "refusal.hpp"
#include "support/catch.hpp"
#include "support/scram_server.hpp"

using namespace holdfast;
using namespace holdfast::test;
using client::Scram;
using support::ScramAccount;
using support::ScramServer;

namespace {

// The example of RFC 7677, 3.
constexpr const char* nonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr const char* client_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr const char* server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

Scram pencil() {
  return Scram("user", "pencil", [] { return nonce; });
}

/// What is wrong with a message of the server.
std::string fault(const std::function<void()>& step) {
  try {
    step();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

/// What the client says to this server-first-message.
std::string answer_to(const std::string& message) {
  Scram scram("user", "pencil", [] { return "mine"; });
  static_cast<void>(scram.start());
  return fault([&] { static_cast<void>(scram.respond(message)); });
}

}  // namespace

TEST_CASE("the example of RFC 7677 comes out as printed there", "[client][scram]") {
  Scram scram = pencil();
  CHECK(scram.start() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  CHECK(scram.respond(server_first) == client_final);
  CHECK(fault([&] { scram.finish(server_final); }) == "nothing");
}

TEST_CASE("a server without the password does not pass for one with it", "[client][scram]") {
  const auto with_final = [](const std::string& message) {
    Scram scram = pencil();
    static_cast<void>(scram.start());
    static_cast<void>(scram.respond(server_first));
    return fault([&] { scram.finish(message); });
  };
  CHECK(mentions(with_final(""), "did not prove"));
  CHECK(mentions(with_final("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), "proof is wrong"));
  CHECK(mentions(with_final("v=AAAA"), "proof is wrong"));
  CHECK(mentions(with_final("v=*"), "not Base64"));
  CHECK(mentions(with_final("x"), "\"v=\""));
  CHECK(mentions(with_final("e=invalid-proof"), "\"invalid-proof\""));
  Scram scram = pencil();
  static_cast<void>(scram.start());
  CHECK(mentions(fault([&] { scram.finish(server_final); }), "without having asked"));
}

TEST_CASE("a proof counts once", "[client][scram]") {
  Scram scram = pencil();
  static_cast<void>(scram.start());
  static_cast<void>(scram.respond(server_first));
  CHECK(mentions(fault([&] { static_cast<void>(scram.respond(server_first)); }), "where none is due"));
  CHECK(mentions(fault([&] { scram.finish(server_final); }), "without having asked"));
}

TEST_CASE("a challenge that breaks the rules is refused in words", "[client][scram]") {
  CHECK(answer_to("r=mineyours,s=c2FsdA==,i=4096") == "nothing");
  CHECK(answer_to("r=mineyours,s=c2FsdA==,i=4096,x=later") == "nothing");
  CHECK(mentions(answer_to("r=mine,s=c2FsdA==,i=4096"), "another exchange"));
  CHECK(mentions(answer_to("r=theirs,s=c2FsdA==,i=4096"), "another exchange"));
  CHECK(mentions(answer_to("r=mine \x7F,s=c2FsdA==,i=4096"), "printable"));
  CHECK(mentions(answer_to("r=mineyours,s=,i=4096"), "salt"));
  CHECK(mentions(answer_to("r=mineyours,s=c2FsdA,i=4096"), "salt"));
  CHECK(mentions(answer_to("r=mineyours,s=c2FsdA==,i=4095"), "fewer than 4096"));
  CHECK(answer_to("r=mineyours,s=c2FsdA==,i=600001").find("more than 600000") != std::string::npos);
  CHECK(mentions(answer_to("r=mineyours,s=c2FsdA==,i=99999999999999999999"), "more than 600000"));
  for (const char* count : {"", "x", "-4096", "4096x", "04096", " 4096"})
    CHECK(mentions(answer_to(std::string("r=mineyours,s=c2FsdA==,i=") + count), "no number"));
  CHECK(mentions(answer_to("m=x,r=mineyours,s=c2FsdA==,i=4096"), "extension"));
  for (const char* text : {"", "r", "s=c2FsdA==", "r=mineyours", "r=mineyours,s=c2FsdA=="})
    CHECK(mentions(answer_to(text), "in its place"));
}

TEST_CASE("a server of OpenSSL's agrees, also about names with commas and other alphabets",
          "[client][scram]") {
  const ScramAccount accounts[] = {{},
                                   {.user_name = "a,b=c", .password = "p,w=d"},
                                   {.user_name = "J\xC3\xBCrgen", .password = "\xC3\xA9t\xC3\xA9"},
                                   {.password = std::string(200, 'x'), .iterations = 10'000}};
  for (const ScramAccount& account : accounts) {
    ScramServer server(account);
    const auto client = scram_sha_256(account.user_name, account.password);
    CHECK(client->method() == "SCRAM-SHA-256");
    const auto challenge = server.on_first(client->start().value());
    REQUIRE(challenge);
    const auto proof = server.on_final(client->respond(*challenge));
    REQUIRE(proof);
    CHECK(fault([&] { client->finish(*proof); }) == "nothing");
  }
}

TEST_CASE("each exchange has a nonce of its own, and another salt makes other keys", "[client][scram]") {
  const auto client = scram_sha_256("user", "pencil");
  std::string last;
  for (const char* salt : {"salt", "salt", "pepper"}) {
    ScramServer server({.salt = salt});
    const std::string first = client->start().value();
    CHECK(first != last);
    last = first;
    const auto challenge = server.on_first(first);
    REQUIRE(challenge);
    const auto proof = server.on_final(client->respond(*challenge));
    REQUIRE(proof);
    client->finish(*proof);
  }
}

TEST_CASE("user names and passwords that SCRAM has no room for are refused, passwords without being shown",
          "[client][scram]") {
  const auto refused = [](const std::string& name, const std::string& password) {
    const auto refusal = refusal_of([&] { return scram_sha_256(name, password); });
    return refusal && refusal->code == Errc::invalid_argument ? refusal->what : "";
  };
  CHECK(refused("user", "") == "");
  CHECK(mentions(refused("", "secret"), "empty"));
  CHECK(mentions(refused("a\nb", "secret"), "control characters"));
  CHECK(mentions(refused("user", "secret\n"), "control characters"));
  CHECK_FALSE(mentions(refused("user", "secret\n"), "secret"));
  for (const BadString& bad : bad_strings) {
    CHECK(refused(bad.value, "secret") != "");
    CHECK(refused("user", bad.value) != "");
  }
}
