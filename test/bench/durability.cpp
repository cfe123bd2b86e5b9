// What durability costs: QoS 1 on loopback with each of our stores and with Paho C's files, in turn; and how
// commits are shared as load rises, on a disk that is slow. Medians of several rounds.
//
//     durability [--rounds N] [--json FILE] [--check] [--only memory|normal|full|paho|paho10]
//
// --check fails if commits are not shared, or Holdfast is not as far ahead of Paho C, and `normal` not as
// near to memory, as we promise. With --only one contestant works over and over, for a profiler.
#include <sys/vfs.h>

#include <linux/magic.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/child.hpp"
#include "bench/durability_report.hpp"
#include "bench/durable_work.hpp"
#include "bench/report.hpp"
#include "bench/settings.hpp"
#include "bench/sink.hpp"
#include "support/loopback.hpp"
#include "support/slow_disk.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace holdfast::bench;
using holdfast::Durability;
using holdfast::support::SlowDisk;
using holdfast::support::TemporaryDirectory;

// How many times more messages a second shared commits have to bring than one commit for each.
constexpr double promised_by_sharing = 20;
// How many times faster than Paho C `normal` has to be, which promises no more than Paho C does.
constexpr double promised_over_paho = 3;
// What part of the memory store's speed `normal` has to reach.
constexpr double promised_of_memory = 0.2;

// What each write-through takes on the slow disk, beyond what the real one takes.
constexpr std::chrono::milliseconds slow_sync{5};
constexpr std::uint32_t messages_a_thread = 100;

struct Contestant {
  const char* option;  ///< As --only names it.
  const char* name;
  std::uint32_t messages;  ///< So many that a round takes about a second.
  std::function<Sample(const DurableWork&)> run;
};

Sample run_file(const DurableWork& work, Durability durability) {
  const TemporaryDirectory directory(disk);
  return run_store(work, holdfast::sqlite_store(directory.path() / "store.db", {durability}));
}

const std::vector<Contestant> contestants{
    {"memory", "memory_store()", 1'000'000,
     [](const DurableWork& work) { return run_store(work, holdfast::memory_store()); }},
    {"normal", "SQLite, normal", 150'000,
     [](const DurableWork& work) { return run_file(work, Durability::normal); }},
    {"full", "SQLite, full", 100'000,
     [](const DurableWork& work) { return run_file(work, Durability::full); }},
    // It is often faster with fewer files at a time: it is measured with few, too, and the faster counts.
    {"paho", "Paho C", 2'000, [](const DurableWork& work) { return run_paho(work, window); }},
    {"paho10", "Paho C, 10", 4'000, [](const DurableWork& work) { return run_paho(work, 10); }},
};

void require_disk() {
  struct statfs found {};
  if (::statfs(disk, &found) != 0 || found.f_type == TMPFS_MAGIC)
    throw std::runtime_error(std::string(disk) + " is not on a disk, which is what is to be measured");
}

std::vector<StoreRow> measure_stores(int rounds, std::uint16_t port) {
  std::cout << "QoS 1, " << durable_payload_size << "-byte payloads, " << window
            << " outstanding, or 10; medians of " << rounds
            << " rounds in turn. Paho C keeps files and does not sync them.\n";
  print_store_heading(std::cout);
  std::vector<std::vector<Sample>> samples(contestants.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const Contestant& contestant = contestants[i];
      samples[i].push_back(measure_in_child([&] { return contestant.run({contestant.messages, port}); }));
    }
  }
  std::vector<StoreRow> rows;
  for (std::size_t i = 0; i < contestants.size(); ++i)
    rows.push_back({contestants[i].name, median(samples[i], contestants[i].messages)});
  const double paho = std::max(rows[rows.size() - 2].figure.messages_per_second,
                               rows[rows.size() - 1].figure.messages_per_second);
  for (StoreRow& row : rows) {
    row.times_paho = row.figure.messages_per_second / paho;
    print(std::cout, row);
  }
  return rows;
}

Sample run_slowly(const DurableWork& work, unsigned threads) {
  const SlowDisk slow(slow_sync);
  const TemporaryDirectory directory(disk);
  return run_waiting_threads(work, holdfast::sqlite_store(directory.path() / "store.db"), threads);
}

std::vector<LoadRow> measure_loads(int rounds, std::uint16_t port) {
  std::cout << "\nSQLite, full, each fsync " << slow_sync.count()
            << " ms longer; threads that wait until each message is stored\n";
  print_load_heading(std::cout);
  std::vector<LoadRow> rows;
  for (const unsigned threads : {1U, 4U, 16U, 64U, 256U}) {
    const std::uint32_t messages = threads * messages_a_thread;
    std::vector<Sample> samples;
    for (int round = 0; round < rounds; ++round)
      samples.push_back(measure_in_child([&] { return run_slowly({messages, port}, threads); }));
    rows.push_back({threads, median(samples, messages)});
    rows.back().times_one_thread =
        rows.back().figure.messages_per_second / rows.front().figure.messages_per_second;
    print(std::cout, rows.back());
  }
  return rows;
}

void run_only(const Settings& settings, std::uint16_t port) {
  for (const Contestant& contestant : contestants) {
    if (contestant.option != settings.only[0]) continue;
    for (int round = 0; round < settings.rounds; ++round) {
      const Figure figure = median({contestant.run({contestant.messages, port})}, contestant.messages);
      print(std::cout, StoreRow{contestant.name, figure});
    }
  }
}

void require(bool kept, const std::string& promise) {
  if (!kept) throw std::runtime_error("not kept: " + promise);
}

void check(const std::vector<StoreRow>& stores, const std::vector<LoadRow>& loads) {
  for (std::size_t i = 1; i < loads.size(); ++i) {
    require(loads[i].figure.commits_per_message < loads[i - 1].figure.commits_per_message,
            "fewer commits a message as load rises");
  }
  require(loads.back().times_one_thread >= promised_by_sharing, "many messages share a commit");
  const StoreRow& memory = stores[0];
  const StoreRow& normal = stores[1];
  require(normal.times_paho >= promised_over_paho, "`normal` is ahead of Paho C");
  require(normal.figure.messages_per_second >= promised_of_memory * memory.figure.messages_per_second,
          "`normal` is near the memory store");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = parse({argv + 1, argv + argc}, 1);
    require_disk();
    const std::uint16_t port = holdfast::support::free_port();
    const auto listener = holdfast::support::listen_on(port);
    const Server sink([&] { run_sink(listener); });
    if (!settings.only.empty()) {
      run_only(settings, port);
      return EXIT_SUCCESS;
    }
    const std::vector<StoreRow> stores = measure_stores(settings.rounds, port);
    const std::vector<LoadRow> loads = measure_loads(settings.rounds, port);
    if (!settings.json.empty())
      write_json(settings.json, [&](std::ostream& out) { print_json(out, stores, loads); });
    if (settings.check) check(stores, loads);
  } catch (const std::exception& error) {
    std::cerr << "durability: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
