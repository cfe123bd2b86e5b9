#include "net/socket_stream.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <system_error>
#include <vector>

#include "peer.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace holdfast::test;
using Pieces = std::vector<std::span<const std::byte>>;

namespace {

IoResult read_some(SocketStream& stream, std::string& into, std::size_t at_most = 4096) {
  std::vector<std::byte> bytes(at_most);
  const IoResult result = stream.read(bytes);
  into.append(reinterpret_cast<const char*>(bytes.data()), result.bytes);
  return result;
}

// Reads until the stream gives no more bytes for good; how it ended.
IoResult read_to_end(SocketStream& stream, std::string& into, std::size_t at_a_time = 4096) {
  IoResult result = read_some(stream, into, at_a_time);
  while (result.status == IoStatus::ok || result.status == IoStatus::would_block) {
    if (!polls(stream.descriptor(), stream.poll_events(true, false))) break;
    result = read_some(stream, into, at_a_time);
  }
  return result;
}

// Writes until nothing more fits.
std::size_t fill(SocketStream& stream) {
  const std::string chunk(4096, 'x');
  const Pieces pieces{bytes_of(chunk)};
  std::size_t written = 0;
  IoResult result;
  while ((result = stream.write(pieces)).status == IoStatus::ok)
    written += result.bytes;
  REQUIRE(result.status == IoStatus::would_block);
  return written;
}

// `text` from `offset`, in pieces of `size` bytes.
Pieces cut(std::string_view text, std::size_t offset, std::size_t size) {
  Pieces pieces;
  for (; offset < text.size(); offset += size)
    pieces.push_back(bytes_of(text.substr(offset, size)));
  return pieces;
}

volatile std::sig_atomic_t broken_pipes = 0;

}  // namespace

TEST_CASE("what is written arrives in order, whatever the pieces and however little fits", "[net][tcp]") {
  const std::size_t size = GENERATE(as<std::size_t>(), 13, 500, 100'000);
  const std::string text = pattern(size == 13 ? 20'000 : 300'000);
  const Link ends = link({.send_buffer = 8192}, 8192);
  std::string arrived;
  std::size_t written = 0;
  std::size_t blocked = 0;
  while (written < text.size()) {
    const IoResult result = ends.stream->write(cut(text, written, size));
    if (result.status == IoStatus::would_block) {
      ++blocked;
      REQUIRE(polls(ends.peer.get(), POLLIN));
      REQUIRE(peer_reads(ends.peer, arrived));
      REQUIRE(polls(ends.stream->descriptor(), ends.stream->poll_events(false, true)));
      continue;
    }
    REQUIRE(result.status == IoStatus::ok);
    REQUIRE(result.bytes > 0);
    written += result.bytes;
  }
  CHECK(support::eventually([&] { return peer_reads(ends.peer, arrived) && arrived.size() == text.size(); }));
  CHECK(arrived == text);
  if (size > 13) CHECK(blocked > 0);
}

TEST_CASE("one call writes as many pieces as it can, empty ones among them", "[net][tcp]") {
  const Link ends = link();
  const std::string text = pattern(1000);
  SECTION("a few at once") {
    const std::string_view view = text;
    const Pieces pieces{bytes_of({}), bytes_of(view.substr(0, 10)), bytes_of({}), bytes_of(view.substr(10)),
                        bytes_of({})};
    const IoResult result = ends.stream->write(pieces);
    CHECK(result.status == IoStatus::ok);
    CHECK(result.bytes == text.size());
  }
  SECTION("a hundred from their beginning") {
    const Pieces pieces = cut(text, 0, 10);
    const IoResult result = ends.stream->write(pieces);
    CHECK(result.status == IoStatus::ok);
    REQUIRE(result.bytes >= 10);
    std::string arrived;
    CHECK(support::eventually(
        [&] { return peer_reads(ends.peer, arrived) && arrived.size() == result.bytes; }));
    CHECK(arrived == text.substr(0, result.bytes));
  }
  SECTION("none") {
    const IoResult result = ends.stream->write({});
    CHECK(result.status == IoStatus::ok);
    CHECK(result.bytes == 0);
  }
}

TEST_CASE("what the peer sent is read in any split", "[net][tcp]") {
  const std::size_t at_a_time = GENERATE(as<std::size_t>(), 1, 7, 4096, 100'000);
  Link ends = link();
  const std::string text = pattern(10'000);
  peer_writes(ends.peer, text);
  ends.peer.close();
  std::string arrived;
  CHECK(read_to_end(*ends.stream, arrived, at_a_time).status == IoStatus::closed);
  CHECK(arrived == text);
}

TEST_CASE("nothing to read and no room to write say so instead of waiting", "[net][tcp]") {
  const Link ends = link({.send_buffer = 8192}, 8192);
  std::string arrived;
  const IoResult read = read_some(*ends.stream, arrived);
  CHECK(read.status == IoStatus::would_block);
  CHECK(read.bytes == 0);
  CHECK_FALSE(ends.stream->has_pending_input());
  const std::size_t written = fill(*ends.stream);
  CHECK_FALSE(
      polls(ends.stream->descriptor(), ends.stream->poll_events(false, true), std::chrono::milliseconds(0)));
  CHECK(support::eventually([&] { return peer_reads(ends.peer, arrived) && arrived.size() == written; }));
  CHECK(polls(ends.stream->descriptor(), ends.stream->poll_events(false, true)));
}

TEST_CASE("the peer's end of stream is an end in good order, again and again", "[net][tcp]") {
  Link ends = link();
  ends.peer.close();
  std::string arrived;
  CHECK(read_to_end(*ends.stream, arrived).status == IoStatus::closed);
  CHECK(read_some(*ends.stream, arrived).status == IoStatus::closed);
  CHECK(arrived.empty());
}

TEST_CASE("a reset is a failure that has its name", "[net][tcp]") {
  Link ends = link();
  support::reset(ends.peer);
  std::string arrived;
  const IoResult result = read_to_end(*ends.stream, arrived);
  CHECK(result.status == IoStatus::failed);
  CHECK(result.error == std::errc::connection_reset);
}

TEST_CASE("after shutdown_write the peer sees the end and may still answer", "[net][tcp]") {
  const Link ends = link();
  REQUIRE(ends.stream->write(Pieces{bytes_of("last words")}).bytes == 10);
  ends.stream->shutdown_write();
  std::string arrived;
  CHECK(support::eventually([&] { return !peer_reads(ends.peer, arrived); }));
  CHECK(arrived == "last words");
  peer_writes(ends.peer, "answer");
  std::string answer;
  CHECK(support::eventually([&] { return read_some(*ends.stream, answer).status == IoStatus::ok; }));
  CHECK(answer == "answer");
}

TEST_CASE("destroying a stream closes the connection at once", "[net][tcp]") {
  Link ends = link();
  ends.stream.reset();
  std::string arrived;
  CHECK(support::eventually([&] { return !peer_reads(ends.peer, arrived); }));
}

TEST_CASE("a refused connection is refused with its own error", "[net][tcp]") {
  std::error_code error;
  try {
    const auto stream = SocketStream::start_connect(loopback(support::free_port()), {});
    const IoResult result = finish_connecting(*stream);
    CHECK(result.status == IoStatus::failed);
    error = result.error;
  } catch (const std::system_error& thrown) {  // The system may know at once.
    error = thrown.code();
  }
  CHECK(error == std::errc::connection_refused);
}

TEST_CASE("writing to a peer that is gone is an error and no signal", "[net][tcp]") {
  struct sigaction counting {};
  counting.sa_handler = [](int) { broken_pipes = broken_pipes + 1; };
  struct sigaction before {};
  REQUIRE(::sigaction(SIGPIPE, &counting, &before) == 0);
  Link ends = link();
  support::reset(ends.peer);
  IoResult result;
  CHECK(support::eventually([&] {
    result = ends.stream->write(Pieces{bytes_of("into the void")});
    return result.status == IoStatus::failed;
  }));
  // The first failure tells of the reset; SIGPIPE comes with the second.
  result = ends.stream->write(Pieces{bytes_of("into the void")});
  CHECK(result.status == IoStatus::failed);
  CHECK(result.error == std::errc::broken_pipe);
  CHECK(broken_pipes == 0);
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("a stream polls for what is wanted, and until it is connected for that", "[net][tcp]") {
  const std::uint16_t port = support::free_port();
  const support::Descriptor listener = support::listen_on(port);
  const auto stream = SocketStream::start_connect(loopback(port), {});
  CHECK(stream->poll_events(true, false) == POLLOUT);
  CHECK(stream->poll_events(false, false) == POLLOUT);
  REQUIRE(finish_connecting(*stream).status == IoStatus::ok);
  CHECK(stream->advance().status == IoStatus::ok);
  CHECK(stream->poll_events(false, false) == 0);
  CHECK(stream->poll_events(true, false) == POLLIN);
  CHECK(stream->poll_events(false, true) == POLLOUT);
  CHECK(stream->poll_events(true, true) == (POLLIN | POLLOUT));
}

TEST_CASE("a stream's descriptor is non-blocking and not inherited by other programs", "[net][tcp]") {
  const Link ends = link();
  CHECK((::fcntl(ends.stream->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(ends.stream->descriptor(), F_GETFL) & O_NONBLOCK) != 0);
}
