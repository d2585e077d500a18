#pragma once

#include "base/byte_buffer.hpp"
#include "sql/node_query.hpp"
#include "wire/copying.hpp"
#include "wire/operation.hpp"
#include "wire/querying.hpp"
#include "worker/store_views.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

namespace pkv {

/// A query over a view of a node's entries, run in slices.
///
/// A slice takes so many entries as are expected to take about a millisecond: the node's other work
/// goes on in between, and no statement is ever left half run.
///
/// Thread safety: none.
/// Errors: next() throws sql::Error and std::bad_alloc, and returns what reading the view returns.
class QueryRun {
 public:
  explicit QueryRun(std::string_view sql) : query_(sql) {}

  /// Appends the cells of the next rows; returns how many rows.
  [[nodiscard]] result<std::uint64_t> next(StoreView& view, ByteBuffer& cells);
  [[nodiscard]] bool done() const noexcept { return next_ == wire::scan_end; }

 private:
  [[nodiscard]] result<void> fill_page(StoreView& view);
  std::uint64_t run_on_keys(StoreView& view, ByteBuffer& cells);
  static void look_up(StoreView& view, std::string_view key, sql::EntryPage& to);

  sql::NodeQuery query_;
  bool begun_ = false;
  std::uint64_t next_ = 0;
  std::uint32_t entries_ = 64;  // of a slice
};

/// The queries that a node runs, by number.
///
/// Thread safety: none; lives on the worker's thread.
/// Lifetime: `views` must outlive it.
/// Errors: answers, one for each operation. That a query is wrong or costs too much is no error of
/// the node but told in QueryRows. errc::view_lost: there is no such query, or no more.
/// errc::overloaded: too many at once.
class Queries {
 public:
  explicit Queries(StoreViews& views) : views_(views) {}

  /// Runs one operation and appends exactly one reply.
  /// Requires: the opcode is begin_query, next_rows or end_query.
  void run(const wire::Operation& operation, std::int64_t clock_ms, ByteBuffer& to);

 private:
  static constexpr std::size_t most_queries = 8;

  [[nodiscard]] result<void> begin(const wire::QueryRequest& request, ByteBuffer& to);
  [[nodiscard]] result<void> next(std::uint32_t number, std::int64_t clock_ms, ByteBuffer& to);

  StoreViews& views_;
  std::map<std::uint32_t, std::unique_ptr<QueryRun>> runs_;
};

}  // namespace pkv
