// Writes the seed corpora of the fuzz targets. The first byte of an input is how it is split, and for whom.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/sample_packets.hpp"
#include "support/websocket_frames.hpp"

using holdfast::support::close_payload;
using holdfast::support::encode;
using holdfast::support::WebSocketFrame;
using namespace std::string_literals;

namespace {

void write(const std::filesystem::path& path, char first, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.put(first);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Every sample packet, alone and all in one stream.
void write_decoder(const std::filesystem::path& directory) {
  const auto text = [](const holdfast::support::Bytes& bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  holdfast::support::Bytes all;
  int number = 0;
  for (const auto& packet : holdfast::support::sample_packets()) {
    write(directory / ("packet-" + std::to_string(number++)), '\x03', text(packet.bytes));
    all.insert(all.end(), packet.bytes.begin(), packet.bytes.end());
  }
  write(directory / "stream", '\x03', text(all));
}

void write_proxy(const std::filesystem::path& directory) {
  constexpr char http = 0x18;
  constexpr char socks = 0x19;
  constexpr char log_in = 2;
  write(directory / "http-established", http,
        "HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n\x20\x03"
        "behind");
  write(directory / "http-interim", http, "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200\n\n");
  for (const char* status :
       {"302 Found", "401 Unauthorized", "403 Access violation", "405 No", "407 Log in", "502 Bad"})
    write(directory / ("http-"s + std::string(status, 3)), http, "HTTP/1.1 "s + status + "\r\n\r\n");
  write(directory / "http-log-in", http | log_in, "HTTP/1.1 407 Log in\r\nProxy-Authenticate: Basic\r\n\r\n");
  write(directory / "http-garbage", http, "SSH-2.0-OpenSSH\r\n");
  const std::string connected = "\x05\x00\x05\x00\x00\x01\x7F\x00\x00\x01\x07\x5B"s;
  write(directory / "socks-ipv4", socks, connected + "behind");
  write(directory / "socks-ipv6", socks, "\x05\x00\x05\x00\x00\x04"s + std::string(18, 'x') + "behind");
  write(directory / "socks-name", socks, "\x05\x00\x05\x00\x00\x03\x04nameppbehind"s);
  write(directory / "socks-refused", socks, "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s);
  write(directory / "socks-no-method", socks, "\x05\xFF");
  write(directory / "socks-log-in", socks | log_in, "\x05\x02\x01\x00"s + connected.substr(2));
  write(directory / "socks-wrong-log-in", socks | log_in, "\x05\x02\x01\x01");
}

void write_websocket(const std::filesystem::path& directory) {
  constexpr char handshake = 0x06;
  constexpr char agreed = 0x07;
  using Frame = WebSocketFrame;
  write(directory / "refused", handshake, "HTTP/1.1 403 Forbidden\r\n\r\n");
  write(directory / "moved", handshake, "HTTP/1.1 302 Found\r\nLocation: wss://me:p@other/?q\r\n\r\n");
  write(directory / "switched", handshake,
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
  const std::vector<std::pair<const char*, std::string>> frames{
      {"binary", encode({.payload = "\x20\x03"})},
      {"medium", encode({.payload = std::string(300, 'x')})},
      {"announced", "\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFx"},
      {"fragments", encode({.payload = "a", .fin = false}) + encode({.opcode = Frame::ping, .payload = "p"}) +
                        encode({.opcode = Frame::continuation, .payload = "b"})},
      {"pong", encode({.opcode = Frame::pong, .payload = "p"}) + encode({.payload = "a"})},
      {"close",
       encode({.payload = "a"}) + encode({.opcode = Frame::close, .payload = close_payload(1008, "why")})},
      {"close-empty", encode({.opcode = Frame::close})},
      {"close-wrong", encode({.opcode = Frame::close, .payload = "x"})},
      {"text", encode({.opcode = Frame::text, .payload = "a"})},
      {"masked", encode({.payload = "a", .masked = true})},
      {"reserved", encode({.payload = "a", .reserved = 4})},
      {"unknown", encode({.opcode = 3, .payload = "a"})},
      {"large-ping", encode({.opcode = Frame::ping, .payload = std::string(126, 'x')})},
  };
  for (const auto& [name, bytes] : frames)
    write(directory / name, agreed, bytes);
}

// Every sample packet as what a connection brings, in both directions, and lines of a trace.
void write_trace(const std::filesystem::path& directory) {
  constexpr char packets_311 = 0x18;
  constexpr char packets_5 = 0x1A;
  constexpr char sent = 0x04;
  constexpr char lines = 0x03;
  using holdfast::wire::Version;
  int number = 0;
  for (const Version version : {Version::mqtt_3_1_1, Version::mqtt_5}) {
    const char first = version == Version::mqtt_5 ? packets_5 : packets_311;
    for (const auto& packet : holdfast::support::sample_packets(version))
      write(directory / ("packet-" + std::to_string(number++)), static_cast<char>(first | sent),
            {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()});
  }
  write(directory / "will-cut", packets_5 | sent,
        "\x10\xC4\x27\x00\x04MQTT\x04\xC6\x00\x3C\x00\x01\x63\x00\x01w\x13\x88"s + std::string(5000, 'x') +
            "\x00\x03"
            "bob\x00\x07hunter2"s);
  write(directory / "malformed", packets_5, "\xD0\x00\x30\x80\x80\x80\x80"s);
  write(directory / "lines", lines,
        R"({"t":1.5,"event":"trace","format":1,"wall":"2026-11-26T08:00:00.000000Z","process":1}
{"t":1.5,"event":"trace","format":1,"wall":"x","process":1,"continued":true,"state":"connected","protocol":"5"}
{"t":2,"event":"state","state":"idle"}
{"t":2,"event":"connecting","wall":"x","server":"mqtt://a","attempt":1}
{"t":2,"event":"connection","wall":"x","server":"mqtt://a","protocol":"3.1.1"}
{"t":2,"event":"packet","direction":"out","type":"PUBLISH","size":9,"id":1,"raw":"32070001740001**"}
{"t":2,"event":"disconnected","wall":"x","by_request":false,"what":"lost","reason":137}
{"t":2,"event":"retry","after":1.25,"server":"mqtt://a"}
{"t":2,"event":"malformed","direction":"in","raw":"3080808080"}
{"t":2,"event":"other","a":[[1,{"b":null}]]}
{"t":2,"event":"pa)");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_corpus DIRECTORY\n", stderr);
    return 2;
  }
  const std::filesystem::path directory(argv[1]);
  const std::pair<const char*, void (*)(const std::filesystem::path&)> corpora[] = {
      {"decoder", write_decoder},
      {"proxy", write_proxy},
      {"websocket", write_websocket},
      {"trace", write_trace}};
  for (const auto& [name, write_seeds] : corpora) {
    std::filesystem::create_directories(directory / name);
    write_seeds(directory / name);
  }
}
