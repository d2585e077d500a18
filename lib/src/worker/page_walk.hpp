#pragma once

#include "pkv/kv_store.hpp"

#include "wire/copying.hpp"
#include "worker/range_sets.hpp"

#include <cstdint>
#include <functional>

namespace pkv {

/// Visits a store's entries in a set of ranges, in the order of their scan positions, from
/// `request.from` until one of the request's limits is met; returns where that is. So exactly the
/// entries before it have been visited. The views are good only while they are visited, and the
/// store must not be changed meanwhile.
///
/// Errors: those of StorageEngine::scan. Throws std::bad_alloc, and what `visit` throws.
[[nodiscard]] result<std::uint64_t> walk_page(KVStore& store, const RangeSet& ranges,
                                              const wire::CopyRequest& request,
                                              const std::function<void(const EntryView&)>& visit);

}  // namespace pkv
