#pragma once

#include "coordinator/gather.hpp"
#include "coordinator/node_queries.hpp"
#include "wire/querying.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pkv {

/// What nodes answer about a query. A failure that one of them has told is the reply, and ends the
/// query.
class GatherQuery : public Gather {
 public:
  GatherQuery(std::size_t parts, NodeQueries& queries, std::int64_t id)
      : Gather(parts), queries_(queries), id_(id) {}

 protected:
  /// Appends the reply of a query that has not failed.
  virtual void write_answer(OutputQueue& to) const = 0;
  virtual void take_rows(const wire::QueryRows&, const SharedFrame&) {}

  [[nodiscard]] NodeQueries& queries() const noexcept { return queries_; }
  [[nodiscard]] std::int64_t id() const noexcept { return id_; }

 private:
  void take(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame) final;
  void write_result(OutputQueue& to) const final;

  NodeQueries& queries_;
  std::int64_t id_;
  std::string failure_;
};

/// The number of a query, when all nodes have begun it (SQLNODES BEGIN).
class GatherQueryBegin final : public GatherQuery {
 public:
  using GatherQuery::GatherQuery;

 private:
  void write_answer(OutputQueue& to) const override;
};

/// Whether there is more, and the rows of each node (SQLNODES NEXT).
class GatherQueryRows final : public GatherQuery {
 public:
  GatherQueryRows(std::size_t parts, NodeQueries& queries, const NodeQueries::Query& query)
      : GatherQuery(parts, queries, query.id), rows_(query.rows), most_rows_(query.most_rows) {}

 private:
  struct Rows {
    wire::QueryRows rows;
    SharedFrame frame;
  };
  void take_rows(const wire::QueryRows& rows, const SharedFrame& frame) override;
  void write_answer(OutputQueue& to) const override;

  std::uint64_t rows_;
  std::uint64_t most_rows_;
  bool more_ = false;
  std::vector<Rows> answers_;
};

}  // namespace pkv
