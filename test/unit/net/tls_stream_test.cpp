// What goes through TLS once it is up.
#include <initializer_list>
#include <random>

#include "tls_link.hpp"

using namespace holdfast::net;
using namespace holdfast::test;
using namespace holdfast::support;

namespace {

/// A connection that is up.
struct UpLink {
  explicit UpLink(TlsPeerVersion version = TlsPeerVersion::any)
      : tls(trusting()), other(server(version)), link(tls, other) {
    REQUIRE(link.shake_hands().status == IoStatus::ok);
    std::string nothing;
    link.read_all(nothing);  // Tickets of TLS 1.3.
    link.wire->reads = link.wire->writes = 0;
  }
  Tls tls;
  TlsServer other;
  TlsLink link;
};

/// Writes all, as a client's connection does, while the wire takes `room` bytes a time.
void write_all(TlsLink& link, const std::string& text, std::size_t room) {
  std::size_t written = 0;
  int idle = 0;
  while (written < text.size()) {
    link.wire->write_room = room;
    const std::span<const std::byte> rest = std::as_bytes(std::span(text)).subspan(written);
    const std::span<const std::byte> pieces[] = {rest.first(rest.size() / 2), rest.subspan(rest.size() / 2)};
    const IoResult result = link.stream->write(pieces);
    REQUIRE((result.status == IoStatus::ok || result.status == IoStatus::would_block));
    written += result.bytes;
    link.carry();
    idle = result.bytes == 0 ? idle + 1 : 0;
    REQUIRE(idle < 100'000);
  }
}

}  // namespace

TEST_CASE("a mebibyte arrives whole both ways, however little the wire takes at a time", "[net][tls]") {
  const std::string text = numbered(std::size_t{1} << 20);
  for (const TlsPeerVersion version : versions()) {
    for (const std::size_t room : {std::size_t{997}, std::size_t{4096}, std::size_t{100'000}, unlimited}) {
      UpLink up(version);
      TlsLink& link = up.link;
      write_all(link, text, room);
      CHECK((link.peer.received() == text));
      link.wire->read_at_most = room;
      link.peer.write(text);
      link.carry();
      std::string received;
      CHECK(link.read_all(received, 10'000).status == IoStatus::would_block);
      CHECK((received == text));
    }
  }
}

TEST_CASE("every size around a record's end arrives whole", "[net][tls]") {
  UpLink up;
  for (const std::size_t size : std::initializer_list<std::size_t>{
           1, 2, 15, 16, 17, 16382, 16383, 16384, 16385, 32766, 32767, 65531, 65532, 65533, 65536}) {
    const std::string text = numbered(size);
    const std::string before = up.link.peer.received();
    write_all(up.link, text, unlimited);
    CHECK((up.link.peer.received() == before + text));
    up.link.peer.write(text);
    up.link.carry();
    std::string received;
    up.link.read_all(received);
    CHECK((received == text));
  }
}

TEST_CASE("one byte at a time arrives whole both ways", "[net][tls]") {
  UpLink up;
  const std::string text = numbered(3'000);
  write_all(up.link, text, 1);
  CHECK((up.link.peer.received() == text));
  up.link.wire->read_at_most = 1;
  up.link.peer.write(text);
  up.link.carry();
  std::string received;
  up.link.read_all(received, 1);
  CHECK((received == text));
}

TEST_CASE("many small pieces leave in few records and one write", "[net][tls]") {
  UpLink up;
  const std::string text = numbered(40'000);
  std::vector<std::span<const std::byte>> pieces;
  for (std::size_t at = 0; at < text.size(); at += 10)
    pieces.push_back(std::as_bytes(std::span(text)).subspan(at, 10));
  const IoResult result = up.link.stream->write(pieces);
  CHECK(result.status == IoStatus::ok);
  CHECK(result.bytes == text.size());
  CHECK(up.link.wire->writes == 1);
  constexpr std::size_t record_overhead_max = 100;
  CHECK(up.link.wire->to_peer.size() < text.size() + 3 * record_overhead_max);
  up.link.carry();
  CHECK((up.link.peer.received() == text));
}

TEST_CASE("bytes count as written only when their records have left", "[net][tls]") {
  UpLink up;
  TlsLink& link = up.link;
  const std::string text = numbered(4 * ((16 << 10) - 1));
  link.wire->write_room = 10'000;
  CHECK(link.write(text).status == IoStatus::would_block);
  link.wire->write_room = 0;
  CHECK(link.write(text).status == IoStatus::would_block);
  CHECK((link.stream->poll_events(false, true) & POLLOUT) != 0);
  link.wire->write_room = 7'000;  // The first record of 16 KiB is through.
  const IoResult first = link.write(text);
  CHECK(first.status == IoStatus::ok);
  CHECK(first.bytes == (16 << 10) - 1);
  link.wire->write_room = unlimited;
  const IoResult rest = link.write(text.substr(first.bytes));
  CHECK(rest.status == IoStatus::ok);
  CHECK(rest.bytes == text.size() - first.bytes);
  link.carry();
  CHECK((link.peer.received() == text));
}

TEST_CASE("what is offered behind bytes that still wait is sent after them, once", "[net][tls]") {
  UpLink up;
  TlsLink& link = up.link;
  link.wire->write_room = 5;
  CHECK(link.write("first ").status == IoStatus::would_block);
  link.wire->write_room = unlimited;
  const IoResult first = link.write("first second");
  CHECK(first.status == IoStatus::ok);
  CHECK(first.bytes == 6);
  CHECK(link.write("second").bytes == 6);
  link.carry();
  CHECK(link.peer.received() == "first second");
}

TEST_CASE("one read takes all records that are there, and asks the socket once", "[net][tls]") {
  UpLink up;
  for (int i = 0; i < 100; ++i)
    up.link.peer.write("0123456789");
  up.link.carry();
  std::vector<std::byte> buffer(4096);
  const IoResult result = up.link.stream->read(buffer);
  CHECK(result.status == IoStatus::ok);
  CHECK(result.bytes == 1'000);
  CHECK(up.link.wire->reads == 1);
  CHECK_FALSE(up.link.stream->has_pending_input());
}

TEST_CASE("input that poll() does not know of is pending, and nothing else is", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    UpLink up(version);
    TlsLink& link = up.link;
    std::vector<std::byte> small(10);
    CHECK_FALSE(link.stream->has_pending_input());
    link.peer.write("0123456789abcdef");
    link.carry();
    CHECK(link.stream->read(small).bytes == 10);
    CHECK(link.stream->has_pending_input());  // The rest of the record.
    CHECK(link.stream->read(std::span(small).first(6)).bytes == 6);
    CHECK_FALSE(link.stream->has_pending_input());
    link.peer.write("0123456789");
    link.peer.write("next record");
    link.carry();
    CHECK(link.stream->read(small).bytes == 10);
    CHECK(link.stream->has_pending_input());  // The next record.
    std::string rest;
    CHECK(link.read_all(rest).status == IoStatus::would_block);
    CHECK(rest == "next record");
    CHECK_FALSE(link.stream->has_pending_input());
  }
}

TEST_CASE("a part of a record is not pending, and is not lost", "[net][tls]") {
  UpLink up;
  TlsLink& link = up.link;
  link.peer.write("0123456789");
  const std::string record = link.peer.take_output();
  std::string received;
  for (const char byte : record) {
    CHECK(received.empty());
    CHECK_FALSE(link.stream->has_pending_input());
    link.wire->to_client = byte;
    link.read_all(received);
    CHECK(link.wire->to_client.empty());
  }
  CHECK(received == "0123456789");
  // A whole record and the beginning of another in one read.
  received.clear();
  link.peer.write("first");
  link.peer.write("second");
  const std::string both = link.peer.take_output();
  link.wire->to_client = both.substr(0, both.size() - 3);
  link.read_all(received);
  CHECK(received == "first");
  CHECK_FALSE(link.stream->has_pending_input());
  link.wire->to_client = both.substr(both.size() - 3);
  link.read_all(received);
  CHECK(received == "firstsecond");
}

TEST_CASE("the end comes after everything that came before it", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    for (const bool says_goodbye : {true, false}) {
      UpLink up(version);
      TlsLink& link = up.link;
      link.peer.write("last words");
      if (says_goodbye) link.peer.close_notify();
      link.carry();
      link.wire->closed = true;
      std::string received;
      CHECK(link.read_all(received).status == IoStatus::closed);
      CHECK(received == "last words");
      CHECK(link.stream->failure().empty());
      std::byte byte{};
      CHECK(link.stream->read(std::span(&byte, 1)).status == IoStatus::closed);
    }
  }
}

TEST_CASE("shutdown_write() says close_notify, ends the writing below, and reading goes on", "[net][tls]") {
  UpLink up;
  TlsLink& link = up.link;
  link.stream->shutdown_write();
  CHECK(link.wire->writing_ended);
  link.carry();
  CHECK(link.peer.client_closed());
  link.peer.write("still here");
  link.carry();
  std::string received;
  link.read_all(received);
  CHECK(received == "still here");
}

TEST_CASE("a close_notify that does not fit leaves later", "[net][tls]") {
  UpLink up;
  TlsLink& link = up.link;
  link.wire->write_room = 3;
  link.stream->shutdown_write();
  CHECK_FALSE(link.wire->writing_ended);
  link.wire->write_room = unlimited;
  std::string nothing;
  link.read_all(nothing);
  CHECK(link.wire->writing_ended);
  link.carry();
  CHECK(link.peer.client_closed());
}

TEST_CASE("a reset is the system's error, behind what can still be read", "[net][tls]") {
  UpLink up;
  TlsLink& link = up.link;
  link.wire->broken = true;
  std::byte byte{};
  const IoResult read = link.stream->read(std::span(&byte, 1));
  CHECK(read.status == IoStatus::failed);
  CHECK(read.error == std::errc::connection_reset);
  UpLink other;
  other.link.wire->broken = true;
  const IoResult written = other.link.write("x");
  CHECK(written.status == IoStatus::failed);
  CHECK(written.error == std::errc::connection_reset);
}

TEST_CASE("a damaged record is an error, and what came before it is not lost", "[net][tls]") {
  for (const TlsPeerVersion version : versions()) {
    UpLink up(version);
    TlsLink& link = up.link;
    link.peer.write("good");
    link.peer.write("damaged");
    std::string bytes = link.peer.take_output();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    link.wire->to_client = bytes;
    std::string received;
    const IoResult result = link.read_all(received);
    CHECK(received == "good");
    CHECK(result.status == IoStatus::failed);
    CHECK(result.error == TransportErrc::tls);
    CHECK(contains(link.stream->failure(), "damaged"));
    CHECK(link.write("x").status == IoStatus::failed);
  }
}

TEST_CASE("any bytes after the handshake are data, an error or the end, never a hang", "[net][tls]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 60; ++round) {
    UpLink up(versions()[static_cast<std::size_t>(round) % versions().size()]);
    TlsLink& link = up.link;
    link.peer.write(numbered(1 + random() % 2'000));
    std::string bytes = link.peer.take_output();
    for (int damage = 0; damage < 3; ++damage)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    link.wire->to_client = bytes;
    link.wire->closed = true;
    std::string received;
    const IoResult result = link.read_all(received, 1 + random() % 500);
    CHECK((result.status == IoStatus::closed || result.status == IoStatus::failed));
  }
}
