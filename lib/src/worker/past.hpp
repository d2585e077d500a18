#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"
#include "worker/store_views.hpp"
#include "worker/undo_log.hpp"

namespace pkv {

/// Whoever has to know what writes replace.
struct Witnesses {
  UndoLog* log;  ///< Null while nothing is remembered.
  StoreViews& views;
};

/// Tells of what an operation is about to replace. `version` is its place in the total order. A
/// store that is to be cleared is empty after it, if its engine can move entries out; if not, the
/// log cannot be asked for what was before any more.
void note_past(KVStore& store, const wire::Operation& operation, Version version,
               const Witnesses& witnesses);

/// Runs an operation that is flagged read_as_of: answers what it would have been answered at
/// `sequence`, its own place in the total order. An operation that is no read of one key is
/// answered with errc::malformed_frame, one of a time that the log has forgotten with
/// errc::node_down: the node that could tell is the one that died.
void execute_as_of(KVStore& store, UndoLog& log, const wire::Operation& operation, Version sequence,
                   ByteBuffer& to);

}  // namespace pkv
