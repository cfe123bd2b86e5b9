// Writes the seed corpus of the decoder's fuzz target: every sample packet, alone and all in one stream. The
// first byte of an input is how it is split.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/sample_packets.hpp"

namespace {

void write(const std::filesystem::path& path, const holdfast::support::Bytes& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.put('\x03');
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_corpus DIRECTORY\n", stderr);
    return 2;
  }
  const std::filesystem::path directory(argv[1]);
  std::filesystem::create_directories(directory);
  holdfast::support::Bytes all;
  int number = 0;
  for (const auto& packet : holdfast::support::sample_packets()) {
    write(directory / ("packet-" + std::to_string(number++)), packet.bytes);
    all.insert(all.end(), packet.bytes.begin(), packet.bytes.end());
  }
  write(directory / "stream", all);
}
