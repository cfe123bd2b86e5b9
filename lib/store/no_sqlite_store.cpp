#include <holdfast/error.hpp>
#include <holdfast/store.hpp>

#include "store/store.hpp"

namespace holdfast {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file) {
  throw Error(Errc::store_failed,
              "store " + file.string() +
                  ": this Holdfast was built without SQLite: build it with HOLDFAST_SQLITE=ON");
}

}  // namespace

std::shared_ptr<Store> sqlite_store(const std::filesystem::path& file, const SqliteStoreOptions&) {
  refuse(file);
}

std::shared_ptr<Store> read_only_sqlite_store(const std::filesystem::path& file) {
  refuse(file);
}

}  // namespace holdfast
