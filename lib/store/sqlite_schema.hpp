// What a store's file looks like, and how older files become like it.
#pragma once

#include "store/sqlite_database.hpp"

namespace holdfast::store {

/// Makes the tables of a new file, brings an older one up to date, and refuses with Error
/// (Errc::store_failed), without having written to it, a file that is newer or not a store of ours.
void prepare_schema(Database& database);
/// For those who only read: refuses the same, and what would have to be made or brought up to date.
void check_schema(Database& database);

}  // namespace holdfast::store
