// What the stores cost, and what their load does to it, for people and for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "bench/report.hpp"

namespace holdfast::bench {

/// One contestant, a window of messages unfinished at a time.
struct StoreRow {
  std::string name;
  Figure figure;
  double times_paho = 0;  ///< Messages a second, compared with the faster Paho C.
};

/// So many threads, each of which waits for the commits of its messages, on a disk that is slow.
struct LoadRow {
  unsigned threads = 0;
  Figure figure;
  double times_one_thread = 0;  ///< Messages a second, compared.
};

void print_store_heading(std::ostream& out);
void print(std::ostream& out, const StoreRow& row);
void print_load_heading(std::ostream& out);
void print(std::ostream& out, const LoadRow& row);
void print_json(std::ostream& out, const std::vector<StoreRow>& stores, const std::vector<LoadRow>& loads);

}  // namespace holdfast::bench
