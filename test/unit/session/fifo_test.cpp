#include "session/fifo.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using holdfast::session::Fifo;

TEST_CASE("a fifo holds what a deque would hold, whatever is done to both", "[session]") {
  std::mt19937 random(Catch::rngSeed());
  Fifo<int> fifo;
  std::deque<int> deque;
  for (int i = 0; i < 20'000; ++i) {
    const auto chance = random() % 100;
    if (deque.empty() || chance < 51) {
      fifo.push_back(i);
      deque.push_back(i);
    } else if (chance < 97) {
      fifo.pop_front();
      deque.pop_front();
    } else if (chance < 99) {
      fifo.pop_back();
      deque.pop_back();
    } else {
      const auto odd = [](int item) { return item % 2 != 0; };
      fifo.erase(std::remove_if(fifo.begin(), fifo.end(), odd), fifo.end());
      std::erase_if(deque, odd);
    }
    REQUIRE(std::equal(fifo.begin(), fifo.end(), deque.begin(), deque.end()));
    REQUIRE(fifo.size() == deque.size());
    REQUIRE(fifo.empty() == deque.empty());
    if (deque.empty()) continue;
    REQUIRE(fifo.front() == deque.front());
    REQUIRE(fifo.back() == deque.back());
  }
}

TEST_CASE("a fifo that was moved from is empty, and can be used again", "[session]") {
  Fifo<int> fifo;
  for (int i = 0; i < 3; ++i)
    fifo.push_back(i);
  fifo.pop_front();
  Fifo<int> moved = std::move(fifo);
  CHECK(moved.size() == 2);
  CHECK(fifo.empty());  // NOLINT(bugprone-use-after-move)
  fifo.push_back(7);
  CHECK(fifo.front() == 7);
  moved = std::move(fifo);
  CHECK(moved.size() == 1);
  CHECK(fifo.empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("a fifo lets go what leaves it at once", "[session]") {
  Fifo<std::shared_ptr<int>> fifo;
  const auto item = std::make_shared<int>(1);
  fifo.push_back(item);
  fifo.push_back(nullptr);
  fifo.pop_front();
  CHECK(item.use_count() == 1);
}
