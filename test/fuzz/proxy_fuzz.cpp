// Any answer of a proxy, in any split, lets us through or is refused in words, never anything else; and what
// comes behind it is the stream's, to the last byte. The first byte of an input says which proxy it is and
// how the rest is split.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "net/proxy.hpp"
#include "net/transport_error.hpp"
#include "support/memory_stream.hpp"

using namespace holdfast;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  net::IoStatus handshake = net::IoStatus::ok;
  std::string behind;
  net::IoStatus end = net::IoStatus::ok;

  bool operator==(const Outcome&) const = default;
};

net::ProxyUrl proxy_of(unsigned choice) {
  net::ProxyUrl proxy{.host = "proxy", .port = 1};
  if ((choice & 1U) != 0) proxy.kind = net::ProxyUrl::Kind::socks5;
  if ((choice & 2U) != 0) proxy.user_name = proxy.password = "secret";
  return proxy;
}

Outcome answer(unsigned choice, std::string_view bytes, std::size_t piece) {
  const auto peer = std::make_shared<support::MemoryPeer>();
  peer->to_read = bytes;
  peer->read_at_most = piece;
  if ((choice & 4U) != 0) peer->at_end = {net::IoStatus::closed};
  const auto stream =
      net::proxy_over(std::make_unique<support::MemoryStream>(peer), proxy_of(choice), "broker", 1883);
  Outcome outcome;
  const net::IoResult result = stream->advance();
  outcome.handshake = result.status;
  require(result.status != net::IoStatus::closed);
  require(result.status == net::IoStatus::ok || !stream->failure().empty());
  require(stream->failure().size() < 500);
  require(stream->failure().find("secret") == std::string::npos || bytes.find("secret") != std::string::npos);
  if (result.status == net::IoStatus::failed) require(result.error == net::TransportErrc::proxy);
  if (result.status != net::IoStatus::ok) return outcome;
  std::byte into[3];
  net::IoResult read;
  while ((read = stream->read(into)).status == net::IoStatus::ok)
    outcome.behind.append(reinterpret_cast<const char*>(into), read.bytes);
  outcome.end = read.status;
  require(!stream->has_pending_input());
  require(bytes.ends_with(outcome.behind));
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const unsigned choice = data[0] & 7U;
  const Outcome whole = answer(choice, bytes, bytes.size() + 1);
  require(answer(choice, bytes, std::size_t{data[0]} / 8 % 16 + 1) == whole);
  require(answer(choice, bytes, 1) == whole);
  return 0;
}
