#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/listing.hpp"
#include "worker/range_sets.hpp"

namespace pkv {

/// Appends the answer to Opcode::list_keys: a page of the store's keys in these ranges.
///
/// The page also ends when it is large, or has taken about a millisecond, so that the node is not
/// kept from its other work; but never before it has got on.
///
/// Errors: those of StorageEngine::scan_keys; errc::malformed_frame: the pattern is too long. After
/// a failure, what was appended so far is no answer. Throws std::bad_alloc.
[[nodiscard]] result<void> append_key_page(KVStore& store, const RangeSet& ranges,
                                           const wire::ListRequest& request, ByteBuffer& to);

}  // namespace pkv
