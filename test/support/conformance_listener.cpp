// Writes how each test case with tags ended, for the conformance table, if HOLDFAST_RESULTS names a file.
#include <cstdlib>
#include <fstream>
#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using ListenerBase = Catch::EventListenerBase;
#else
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
using ListenerBase = Catch::TestEventListenerBase;
#endif

namespace {

class ConformanceListener : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;

  void testRunStarting(const Catch::TestRunInfo& info) override {
    ListenerBase::testRunStarting(info);
    const char* file = std::getenv("HOLDFAST_RESULTS");
    if (file != nullptr) results_.open(file, std::ios::trunc);
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    ListenerBase::testCaseEnded(stats);
    const bool passed = stats.totals.assertions.allPassed();
    const Catch::TestCaseInfo& info = *testCaseInfo(stats);
    results_ << (passed ? "pass" : "fail") << '\t' << info.tagsAsString() << '\t' << info.name << std::endl;
  }

 private:
  // A pointer in version 3, the thing itself in version 2.
  template <class Stats>
  static const Catch::TestCaseInfo* testCaseInfo(const Stats& stats) {
    if constexpr (requires { stats.testInfo->name; }) {
      return stats.testInfo;
    } else {
      return &stats.testInfo;
    }
  }

  std::ofstream results_;
};

}  // namespace

CATCH_REGISTER_LISTENER(ConformanceListener)
