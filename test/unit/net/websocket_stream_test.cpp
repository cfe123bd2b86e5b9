// WebSocket once it stands, against a server that is nothing but the frames of a test.
#include <poll.h>
#include <initializer_list>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "net/transport_error.hpp"
#include "websocket_peer.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace holdfast::test;
using support::close_payload;
using support::encode;
using support::MemoryPeer;
using support::WebSocketFrame;
using namespace std::string_literals;

namespace {

using Frame = WebSocketFrame;

// Reads to the end, and what the client says of it.
std::string failure_after(const std::string& bytes, std::uint16_t expected_code) {
  WebSocketPeer peer;
  peer.accept();
  peer.bytes->to_read = bytes;
  peer.read();
  CHECK(peer.result.status == IoStatus::failed);
  CHECK(peer.result.error == TransportErrc::websocket);
  const auto last = peer.next();
  REQUIRE(last);
  CHECK(last->opcode == Frame::close);
  CHECK(last->payload == close_payload(expected_code));
  return peer.stream->failure();
}

std::string numbers(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("data are read as they were sent, in whatever frames and fragments and split at every byte",
          "[net][websocket][MQTT-6.0.0-2][3.1.1/MQTT-6.0.0-2]") {
  const std::string bytes = encode({.payload = "one "}) + encode({.payload = "two ", .fin = false}) +
                            encode({.opcode = Frame::ping, .payload = "p"}) +
                            encode({.opcode = Frame::continuation, .payload = "", .fin = false}) +
                            encode({.opcode = Frame::continuation, .payload = "three "}) +
                            encode({.payload = ""}) + encode({.opcode = Frame::pong, .payload = "unasked"}) +
                            encode({.payload = numbers(300)});
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    CAPTURE(split);
    WebSocketPeer peer;
    peer.accept(bytes.substr(0, split));
    std::string read = peer.read(split % 7 + 1);
    CHECK(peer.result.status == IoStatus::would_block);
    peer.bytes->to_read = bytes.substr(split);
    peer.bytes->read_at_most = split % 2 == 0 ? 1 : MemoryPeer::unlimited;
    read += peer.read(split % 5 + 1);
    REQUIRE(peer.result.status == IoStatus::would_block);
    CHECK(read == "one two three " + numbers(300));
    CHECK(peer.next() == Frame{.opcode = Frame::pong, .payload = "p", .masked = true});
    CHECK_FALSE(peer.next());
  }
}

TEST_CASE("frames of every size class are read and written",
          "[net][websocket][MQTT-6.0.0-1][3.1.1/MQTT-6.0.0-1]") {
  for (const std::size_t size : std::initializer_list<std::size_t>{1, 125, 126, 127, 4095, 4096, 4097, 65'535,
                                                                   65'536, 65'537, 300'000}) {
    CAPTURE(size);
    const std::string text = numbers(size);
    WebSocketPeer peer;
    peer.accept();
    peer.send({.payload = text});
    CHECK(peer.read(50'000) == text);
    std::string arrived;
    for (std::size_t written = 0; written < size;) {
      const IoResult result = peer.write(std::string_view(text).substr(written));
      REQUIRE(result.status == IoStatus::ok);
      written += result.bytes;
    }
    while (const auto frame = peer.next()) {
      CHECK(frame->opcode == Frame::binary);
      arrived += frame->payload;
    }
    CHECK(arrived == text);
    CHECK(peer.bytes->written == "");
  }
}

TEST_CASE("a frame that announces the largest size takes no memory and is read as it comes",
          "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.bytes->to_read = "\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s + "abc";
  CHECK(peer.read() == "abc");
  CHECK(peer.result.status == IoStatus::would_block);
}

TEST_CASE("the pieces of one write leave together, in one frame and one write below", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  const std::string a = "one ", b = "two ", c = "three";
  const std::array pieces{std::as_bytes(std::span(a)), std::span<const std::byte>(),
                          std::as_bytes(std::span(b)), std::as_bytes(std::span(c))};
  const std::size_t writes = peer.bytes->writes;
  CHECK(peer.stream->write(pieces).bytes == 13);
  CHECK(peer.bytes->writes == writes + 1);
  CHECK(peer.next() == Frame{.payload = "one two three", .masked = true});
}

TEST_CASE("each frame has a mask of its own", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  std::set<std::string> masks;
  for (int i = 0; i < 1000; ++i) {
    peer.write("x");
    masks.insert(peer.bytes->written.substr(2, 4));
    REQUIRE(peer.next());
  }
  CHECK(masks.size() > 990);
}

TEST_CASE("what is reported as written has left, and nothing is left behind that is not asked for again",
          "[net][websocket]") {
  const std::string text = numbers(200'000);
  for (const std::size_t room : std::initializer_list<std::size_t>{1, 3, 7, 100, 65'537}) {
    CAPTURE(room);
    WebSocketPeer peer;
    peer.accept();
    peer.bytes->room = 0;
    std::size_t reported = 0;
    std::string stream;
    std::string arrived;
    while (reported < (room < 100 ? 2'000 : text.size())) {
      const IoResult result = peer.write(std::string_view(text).substr(reported));
      REQUIRE(result.status != IoStatus::failed);
      if (result.status == IoStatus::ok) REQUIRE(result.bytes > 0);
      reported += result.bytes;
      stream += peer.bytes->take_written();
      REQUIRE(reported <= stream.size());
      if (result.status == IoStatus::would_block) {
        CHECK(peer.stream->poll_events(false, true) == POLLOUT);
        peer.bytes->room = room;
      }
    }
    peer.bytes->room = MemoryPeer::unlimited;
    while (reported < text.size()) {
      const IoResult result = peer.write(std::string_view(text).substr(reported));
      REQUIRE(result.status == IoStatus::ok);
      reported += result.bytes;
    }
    peer.bytes->written.insert(0, stream);
    while (const auto frame = peer.next())
      arrived += frame->payload;
    CHECK(arrived == text);
    CHECK(peer.bytes->written == "");
  }
}

TEST_CASE("pings are answered between frames, never within one, and only the newest when there is no room",
          "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.bytes->room = 10;
  const IoResult begun = peer.write("a data frame that does not fit");
  CHECK(begun.bytes == 4);  // Six bytes are the frame's header.
  for (const char* payload : {"first", "second", "third"})
    peer.send({.opcode = Frame::ping, .payload = payload});
  CHECK(peer.read() == "");
  CHECK(peer.stream->poll_events(true, false) == (POLLIN | POLLOUT));
  peer.bytes->room = MemoryPeer::unlimited;
  CHECK(peer.stream->write({}).status == IoStatus::ok);
  CHECK(peer.next() == Frame{.payload = "a data frame that does not fit", .masked = true});
  CHECK(peer.next() == Frame{.opcode = Frame::pong, .payload = "third", .masked = true});
  CHECK(peer.stream->poll_events(true, false) == POLLIN);
  CHECK(peer.write("ta frame that does not fit").bytes == 26);
  CHECK_FALSE(peer.next());
  CHECK(peer.write("more").bytes == 4);
  CHECK(peer.next() == Frame{.payload = "more", .masked = true});
}

TEST_CASE("a ping without payload and one with the largest are answered as they came", "[net][websocket]") {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 125}) {
    WebSocketPeer peer;
    peer.accept();
    peer.send({.opcode = Frame::ping, .payload = numbers(size)});
    CHECK(peer.read() == "");
    CHECK(peer.next() == Frame{.opcode = Frame::pong, .payload = numbers(size), .masked = true});
  }
}

TEST_CASE("the server's close is answered with its code and read as the end, with its words",
          "[net][websocket]") {
  const std::vector<std::pair<std::pair<std::string, std::string>, std::string>> table{
      {{"", close_payload(1000)}, "the server closed the WebSocket"},
      {{close_payload(1000), close_payload(1000)},
       "the server closed the WebSocket with code 1000 (normal closure)"},
      {{close_payload(1008, "not you\x1B"), close_payload(1008)},
       "the server closed the WebSocket with code 1008 (policy violation): \"not you?\""},
      {{close_payload(4999), close_payload(4999)}, "the server closed the WebSocket with code 4999"},
  };
  for (const auto& [payloads, words] : table) {
    CAPTURE(words);
    WebSocketPeer peer;
    peer.accept();
    peer.send({.payload = "last words"});
    peer.send({.opcode = Frame::close, .payload = payloads.first});
    peer.send({.payload = "not read"});
    CHECK(peer.read() == "last words");
    CHECK(peer.result.status == IoStatus::closed);
    CHECK(peer.stream->failure() == words);
    CHECK(peer.next() == Frame{.opcode = Frame::close, .payload = payloads.second, .masked = true});
    CHECK(peer.write("too late").status == IoStatus::closed);
    CHECK_FALSE(peer.next());
  }
}

TEST_CASE("a write does not run into the server's close before everything is read", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept(encode({.payload = "last words"}) + encode({.opcode = Frame::close}));
  std::array<std::byte, 4> some;
  CHECK(peer.stream->read(some).bytes == 4);
  CHECK(peer.write("x").status == IoStatus::ok);
  CHECK(peer.read() == " words");
  CHECK(peer.result.status == IoStatus::closed);
  CHECK(peer.write("x").status == IoStatus::closed);
}

TEST_CASE("a server that breaks the rules is told so and left",
          "[net][websocket][MQTT-6.0.0-1][3.1.1/MQTT-6.0.0-1]") {
  const std::vector<std::pair<std::string, std::string>> table{
      {encode({.payload = "x", .masked = true}), "a frame is masked"},
      {encode({.payload = "x", .reserved = 4}), "a frame has reserved bits set"},
      {encode({.opcode = Frame::ping, .payload = "x", .reserved = 1}), "a frame has reserved bits set"},
      {encode({.opcode = 3, .payload = "x"}), "a frame is of an unknown kind"},
      {encode({.opcode = 11, .payload = "x"}), "a frame is of an unknown kind"},
      {encode({.opcode = Frame::ping, .payload = numbers(126)}), "a frame has a size that is not allowed"},
      {encode({.opcode = Frame::ping, .payload = "x", .fin = false}),
       "a frame has a size that is not allowed"},
      {"\x82\x7E\x00\x7Dx"s, "a frame has a size that is not allowed"},
      {"\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFFx"s, "a frame has a size that is not allowed"},
      {"\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx"s, "a frame has a size that is not allowed"},
      {encode({.opcode = Frame::continuation, .payload = "x"}), "a message goes on that has not begun"},
      {encode({.payload = "x", .fin = false}) + encode({.payload = "y"}),
       "a message begins within another one"},
      {encode({.opcode = Frame::close, .payload = "x"}), "a close frame has no code that may be sent"},
      {encode({.opcode = Frame::close, .payload = close_payload(999)}),
       "a close frame has no code that may be sent"},
      {encode({.opcode = Frame::close, .payload = close_payload(1005)}),
       "a close frame has no code that may be sent"},
      {encode({.opcode = Frame::close, .payload = close_payload(5000)}),
       "a close frame has no code that may be sent"},
  };
  for (const auto& [bytes, words] : table) {
    CAPTURE(words);
    CHECK(failure_after(bytes, 1002) == "the server broke WebSocket's rules: " + words + " [RFC 6455]");
  }
  CHECK(failure_after(encode({.opcode = Frame::text, .payload = "x"}), 1003) ==
        "the server broke WebSocket's rules: a frame is text instead of binary [MQTT 5, 6.0.0-1] [RFC 6455]");
}

TEST_CASE("data before a broken rule are read, and then the failure", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.send({.payload = "good"});
  peer.send({.opcode = 3});
  std::array<std::byte, 100> into;
  CHECK(peer.stream->read(into).bytes == 4);
  CHECK(peer.stream->has_pending_input());
  CHECK(peer.stream->read(into).status == IoStatus::failed);
  CHECK_FALSE(peer.stream->has_pending_input());
}

TEST_CASE("our own end is a close frame, after which reading goes on until the server's",
          "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.stream->shutdown_write();
  CHECK(peer.next() == Frame{.opcode = Frame::close, .payload = close_payload(1000), .masked = true});
  peer.send({.payload = "still here"});
  peer.send({.opcode = Frame::ping, .payload = "?"});
  CHECK(peer.read() == "still here");
  CHECK(peer.result.status == IoStatus::would_block);
  CHECK(peer.bytes->written == "");  // Nothing follows a close frame.
  CHECK(peer.write("x").status == IoStatus::failed);
  peer.send({.opcode = Frame::close, .payload = close_payload(1000)});
  CHECK(peer.read() == "");
  CHECK(peer.result.status == IoStatus::closed);
  CHECK_FALSE(peer.next());
}

TEST_CASE("a close frame that does not fit leaves as soon as there is room", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.bytes->room = 1;
  peer.stream->shutdown_write();
  CHECK(peer.stream->poll_events(true, false) == (POLLIN | POLLOUT));
  CHECK(peer.stream->write({}).status == IoStatus::would_block);
  peer.bytes->room = MemoryPeer::unlimited;
  CHECK(peer.stream->write({}).status == IoStatus::ok);
  CHECK(peer.next() == Frame{.opcode = Frame::close, .payload = close_payload(1000), .masked = true});
  CHECK(peer.stream->poll_events(true, false) == POLLIN);
}

TEST_CASE("an end of the connection without a close frame is an end, too", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.bytes->to_read = encode({.payload = "half"}).substr(0, 4);
  peer.bytes->at_end = {IoStatus::closed};
  CHECK(peer.read() == "ha");
  CHECK(peer.result.status == IoStatus::closed);
  WebSocketPeer reset;
  reset.accept();
  reset.bytes->at_end = {IoStatus::failed, 0, std::make_error_code(std::errc::connection_reset)};
  CHECK(reset.read() == "");
  CHECK(reset.result.error == std::errc::connection_reset);
  WebSocketPeer below;
  below.accept();
  below.bytes->at_end = {IoStatus::failed, 0, make_error_code(TransportErrc::tls)};
  below.bytes->failure = "a record is broken";
  CHECK(below.read() == "");
  CHECK(below.result.error == TransportErrc::tls);
  CHECK(below.stream->failure() == "a record is broken");
}

TEST_CASE("bytes wait exactly when there are any to read", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept(encode({.payload = "abcd"}) + encode({.payload = "ef"}) + encode({.opcode = Frame::ping}) +
              encode({.payload = ""}) + encode({.payload = "unfinished"}).substr(0, 1));
  std::array<std::byte, 2> two;
  for (int i = 0; i < 3; ++i) {
    CHECK(peer.stream->has_pending_input());
    CHECK(peer.stream->read(two).bytes == 2);
  }
  CHECK_FALSE(peer.stream->has_pending_input());
  CHECK(peer.next() == Frame{.opcode = Frame::pong, .masked = true});
  const std::size_t reads = peer.bytes->reads;
  CHECK(peer.stream->read(two).status == IoStatus::would_block);
  CHECK(peer.bytes->reads == reads + 1);
}

TEST_CASE("a flood of pings keeps the thread from nothing else", "[net][websocket]") {
  WebSocketPeer peer;
  peer.accept();
  peer.bytes->read_at_most = 6;
  for (int i = 0; i < 1000; ++i)
    peer.send({.opcode = Frame::ping, .payload = "ping"});
  std::array<std::byte, 10> into;
  CHECK(peer.stream->read(into).status == IoStatus::would_block);
  CHECK(peer.bytes->reads < 40);
  CHECK(peer.next());
  CHECK_FALSE(peer.next());
}
