#include <holdfast/error.hpp>
#include <holdfast/store.hpp>

#include "store/store.hpp"

namespace holdfast {
std::shared_ptr<Store> sqlite_store(const std::filesystem::path& file, const SqliteStoreOptions&) {
  throw Error(Errc::store_failed,
              "store " + file.string() +
                  ": this Holdfast was built without SQLite: build it with HOLDFAST_SQLITE=ON");
}
}  // namespace holdfast
