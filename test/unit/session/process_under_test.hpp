// The engine with a store, as a process that can be killed.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine_under_test.hpp"
#include "store/memory_store.hpp"
#include "support/whole_snapshot.hpp"

namespace holdfast::session {

/// A client with a store, a process that can be killed between any two turns.
class Process {
 public:
  explicit Process(std::shared_ptr<store::MemoryStore> store, Options options = hour_long_session())
      : store_(std::move(store)), test_(with_store(std::move(options)), open(), 99) {}
  ~Process() { store_->close(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  EngineUnderTest& operator*() { return test_; }
  EngineUnderTest* operator->() { return &test_; }
  void commit() {
    store_->commit(test_.engine.journal(), TimePoint{});
    test_.engine.journal().clear();
  }
  std::vector<Packet> turn() {
    commit();
    return test_.write();
  }

 private:
  Options with_store(Options options) {
    options.store = store_;
    return options;
  }
  Snapshot open() { return support::open_whole(*store_); }

  std::shared_ptr<store::MemoryStore> store_;
  EngineUnderTest test_;
};

}  // namespace holdfast::session
