#include "client/scram.hpp"

#include <charconv>
#include <span>
#include <stdexcept>
#include <utility>

#include "client/check_argument.hpp"
#include "net/base64.hpp"
#include "net/digest.hpp"

namespace holdfast::client {

namespace {

// RFC 7677 asks for 4096 at least: fewer make it cheap for a server that is none to try out passwords. Above
// the other bound a hostile one would keep us computing.
constexpr std::uint32_t iterations_min = 4'096;
constexpr std::uint32_t iterations_max = 600'000;

constexpr std::string_view no_channel_binding = "n,,";

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("SCRAM: " + what);
}

std::string base64(std::string_view bytes) {
  return net::base64(std::as_bytes(std::span(bytes)));
}

// [RFC 5802, 5.1]
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == ',') {
      text += "=2C";
    } else if (c == '=') {
      text += "=3D";
    } else {
      text += c;
    }
  }
  return text;
}

// Takes "x=value" off the front of `message`, up to the next comma.
std::string_view take(std::string_view& message, char name) {
  if (message.size() < 2 || message[0] != name || message[1] != '=')
    fail(std::string("the server's message has no \"") + name + "=\" in its place");
  const auto end = message.find(',');
  const auto value = message.substr(2, end == std::string_view::npos ? end : end - 2);
  message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
  return value;
}

std::uint32_t iterations_of(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool number = error == std::errc() && end == text.data() + text.size() && text.front() != '0';
  if (!number && error != std::errc::result_out_of_range) fail("the server's iteration count is no number");
  if (!number || count > iterations_max)
    fail("the server asks for more than 600000 iterations: lower its iteration count");
  if (count < iterations_min)
    fail("the server asks for fewer than 4096 iterations: raise its iteration count [RFC 7677]");
  return count;
}

bool is_printable(std::string_view nonce) {
  for (const char c : nonce) {
    if (c < 0x21 || c > 0x7E) return false;
  }
  return true;
}

std::string exclusive_or(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

}  // namespace

Scram::Scram(std::string_view user_name, std::string password, std::function<std::string()> nonce)
    : name_(escaped(user_name)), password_(std::move(password)), nonce_(std::move(nonce)) {}

Scram::~Scram() {
  for (std::string* secret : {&password_, &client_key_, &server_key_})
    net::wipe(*secret);
}

std::string Scram::start() {
  own_nonce_ = nonce_();
  first_bare_ = "n=" + name_ + ",r=" + own_nonce_;
  signature_.clear();
  step_ = Step::first_sent;
  return std::string(no_channel_binding) + first_bare_;
}

std::string Scram::respond(std::string_view server_first) {
  if (std::exchange(step_, Step::idle) != Step::first_sent)
    fail("the server sent a challenge where none is due");
  const Challenge challenge = parse(server_first);
  derive_keys(challenge);
  const std::string without_proof = "c=" + base64(no_channel_binding) + ",r=" + challenge.nonce;
  const std::string signed_by_both = first_bare_ + "," + std::string(server_first) + "," + without_proof;
  const std::string client_signature = net::hmac_sha_256(net::sha_256(client_key_), signed_by_both);
  signature_ = net::hmac_sha_256(server_key_, signed_by_both);
  step_ = Step::response_sent;
  return without_proof + ",p=" + base64(exclusive_or(client_signature, client_key_));
}

void Scram::finish(std::string_view server_final) {
  if (std::exchange(step_, Step::idle) != Step::response_sent)
    fail("the server lets us in without having asked for the password: it may be an impostor");
  if (server_final.empty())
    fail("the server did not prove that it knows the password: it may be an impostor");
  if (server_final.starts_with("e=")) fail("the server says \"" + printable(server_final.substr(2)) + "\"");
  const auto signature = net::from_base64(take(server_final, 'v'));
  if (!signature) fail("the server's signature is not Base64");
  if (!net::equal_in_constant_time(*signature, signature_))
    fail("the server's proof is wrong: it does not know the password and may be an impostor");
}

Scram::Challenge Scram::parse(std::string_view server_first) const {
  if (server_first.starts_with("m=")) fail("the server demands an extension that this version does not know");
  Challenge challenge;
  challenge.nonce = take(server_first, 'r');
  // Whoever repeats an old exchange cannot know the nonce of this one, and must add one of its own.
  if (!challenge.nonce.starts_with(own_nonce_) || challenge.nonce.size() == own_nonce_.size())
    fail("the server's nonce does not go on from ours: the message is of another exchange");
  if (!is_printable(challenge.nonce)) fail("the server's nonce is not printable ASCII");
  const auto salt = net::from_base64(take(server_first, 's'));
  if (!salt || salt->empty()) fail("the server's salt is empty or not Base64");
  challenge.salt = *salt;
  challenge.iterations = iterations_of(take(server_first, 'i'));
  return challenge;
}

void Scram::derive_keys(const Challenge& challenge) {
  if (!client_key_.empty() && challenge.salt == salt_ && challenge.iterations == iterations_) return;
  std::string salted = net::pbkdf2_sha_256(password_, challenge.salt, challenge.iterations);
  client_key_ = net::hmac_sha_256(salted, "Client Key");
  server_key_ = net::hmac_sha_256(salted, "Server Key");
  net::wipe(salted);
  salt_ = challenge.salt;
  iterations_ = challenge.iterations;
}

}  // namespace holdfast::client
