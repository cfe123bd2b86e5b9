// What the benchmark of the stores has its clients do: publish messages of QoS 1 that outlive the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <holdfast/store.hpp>

#include "bench/work.hpp"

namespace holdfast::bench {

struct DurableWork {
  std::uint32_t messages = 0;
  std::uint16_t port = 0;  ///< Where the sink listens.
};

constexpr std::size_t durable_payload_size = 256;

/// A file system that is a disk, not memory.
constexpr const char* disk = "/var/tmp";

/// As Sample run_holdfast(): a window of messages unfinished at a time, published from one thread.
Sample run_store(const DurableWork& work, std::shared_ptr<Store> store);
/// From so many threads, each of which waits for the commit of each of its messages.
Sample run_waiting_threads(const DurableWork& work, std::shared_ptr<Store> store, unsigned threads);
/// Paho C with its file persistence, so many messages unfinished at a time: a file for each, not written
/// through to the disk.
Sample run_paho(const DurableWork& work, std::uint32_t outstanding);

}  // namespace holdfast::bench
