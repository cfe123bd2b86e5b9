// Enhanced authentication: an exchange of AUTH packets by a method that client and broker agree on.
// [MQTT 5, 4.12]
//
//     holdfast::Options options{.server = "mqtts://broker.plant.example", .client_id = "pump-17"};
//     options.authenticator = holdfast::scram_sha_256("pump-17", "secret");
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// The client's side of a method; set as Options::authenticator. One serves one Client, over all its
/// connections: each exchange begins with start(). Its calls are made one at a time, on the client's own
/// thread, which does nothing else meanwhile: compute, do not wait.
///
/// What a call throws ends the attempt to connect (or, while re-authenticating, the connection) with
/// Errc::authentication_failed and that sentence, which is also logged: keep secrets out of it. Data are any
/// bytes, at most 65535.
class Authenticator {
 public:
  Authenticator() = default;
  virtual ~Authenticator() = default;
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// The name of the method, always the same one, UTF-8. [MQTT 5, 3.1.2.11.9]
  [[nodiscard]] virtual std::string method() const = 0;
  /// A new exchange begins, whatever became of the one before. Returns the data to begin with; none where the
  /// server speaks first.
  [[nodiscard]] virtual std::optional<std::string> start() = 0;
  /// The answer to what the server sent; empty: without data. At most 16 times in one exchange.
  [[nodiscard]] virtual std::string respond(std::string_view challenge) = 0;
  /// The server is content; these are its last data, empty if it sent none. Throws if the server did not
  /// prove who it is, although the method demands that. Default: takes anything.
  virtual void finish(std::string_view data) { static_cast<void>(data); }
};

/// SCRAM-SHA-256 without channel binding [RFC 5802, 7677]: the password never leaves this process, and the
/// server has to prove that it knows it (as salted hash). Use it over TLS all the same: who listens to the
/// exchange can try out passwords at leisure.
///
/// User name and password are UTF-8 without control characters; the name is not empty. SASLprep, which
/// unifies different spellings of a character, is left to the caller: text that is not ASCII is used as it
/// is, and should be in normal form KC. Servers may ask for 4096 to 600000 iterations. Throws Error
/// (Errc::invalid_argument); always, in a build without TLS.
[[nodiscard]] std::shared_ptr<Authenticator> scram_sha_256(std::string_view user_name, std::string password);

}  // namespace holdfast
