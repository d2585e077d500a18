#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"
#include "worker/range_sets.hpp"
#include "worker/store_views.hpp"
#include "worker/undo_log.hpp"

namespace pkv {

/// A node's part in the copying of entries from node to node, and in telling its keys: runs the
/// operations that wire/copying.hpp and wire/listing.hpp describe, which share their sets of
/// ranges.
///
/// They are operations like any other, run in the order they come: a page is what the store holds
/// between the writes before it and those after it. No operation takes longer than its limits say,
/// except that entries of one scan position, of which there are hardly ever two, are never parted.
///
/// Thread safety: none; lives on the worker's thread.
/// Lifetime: `store` and `views`, which are told of what it changes, must outlive it. The sets of
/// ranges live as long as this. Errors: answers, one for each operation. errc::malformed_frame: the
/// value is not what the operation carries, or names a set that has not been defined.
/// errc::out_of_memory: no room for the answer, the entries or the ranges (RangeSets has limits).
/// errc::value_too_long: entries of one scan position do not fit into one page. After a failure
/// copy_in and erase_page may have done a part; they can be asked again.
class Copying {
 public:
  Copying(KVStore& store, StoreViews& views) : store_(store), views_(views) {}

  /// Runs one operation and appends exactly one reply.
  /// Requires: the opcode is define_ranges, copy_page, copy_in, erase_page, count_page or
  /// list_keys.
  void run(const wire::Operation& operation, ByteBuffer& to);

  /// Runs count_page as of an earlier place in the order, and appends exactly one reply:
  /// errc::node_down if the log does not go back so far.
  void count_as_of(const wire::Operation& operation, Version sequence, UndoLog& log,
                   ByteBuffer& to);

 private:
  [[nodiscard]] result<void> append_answer(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> define_ranges(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> copy_page(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> copy_in(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> erase_page(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> count_page(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> list_keys(const wire::Operation& operation, ByteBuffer& to);
  [[nodiscard]] result<void> count_past(const wire::Operation& operation, Version sequence,
                                        UndoLog& log, ByteBuffer& to);

  KVStore& store_;
  StoreViews& views_;
  RangeSets sets_;
};

}  // namespace pkv
