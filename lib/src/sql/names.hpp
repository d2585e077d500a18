#pragma once

#include "sql/select.hpp"

namespace pkv::sql {

/// Replaces the names that AS gives, and the numbers of columns in GROUP BY and ORDER BY, by what
/// they stand for, by SQLite's rules: a column of kv comes before a name of that kind, but where
/// the name is all of a term of ORDER BY.
/// Errors: throws Error.
void resolve_names(Select& select);

}  // namespace pkv::sql
