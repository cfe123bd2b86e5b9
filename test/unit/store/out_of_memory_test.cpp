// A commit for which there is no memory, at each of its allocations.
#include "store_files.hpp"
#include "support/failing_allocations.hpp"

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE(
    "when memory runs out amid a commit, all of it is in the file or nothing, and the next Client goes on",
    "[store][sqlite]") {
  bool done = false;
  for (long allocation = 0; !done; ++allocation) {
    CAPTURE(allocation);
    const Files files;
    const auto store = files.store();
    static_cast<void>(store->open({}));
    store->commit({Accepted{message(1)}, Accepted{message(2)}}, {});
    store->commit({Accepted{message(3)}, Accepted{message(4)}}, {});
    store->commit({Finished{1}, Finished{2}}, {});  // The next commit deletes their batch.
    const session::Journal journal{Accepted{message(5)}, Accepted{message(6)}, Sent{3, 7, QoS::at_least_once},
                                   Finished{4}};
    done = !fails_at(allocation, [&] { store->commit(journal, {}); });
    store->close();
    const auto found = rows(support::open_whole(*store));
    const bool nothing = found == std::vector<Row>{{3, 0, false}, {4, 0, false}};
    const bool all = found == std::vector<Row>{{3, 7, false}, {5, 0, false}, {6, 0, false}};
    REQUIRE((all || (nothing && !done)));
    store->commit({Accepted{message(9)}}, {});
    store->close();
    REQUIRE(rows(support::open_whole(*store)).size() == found.size() + 1);
  }
}
