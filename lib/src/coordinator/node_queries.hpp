#pragma once

#include "coordinator/coordinator.hpp"
#include "wire/querying.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pkv {

class Conversation;

/// The queries in SQL that clients have under way at the nodes (SQLNODES).
///
/// A query is bounded: in number, in time and in rows. When it is over, for whatever reason, the
/// nodes are told, so that they keep nothing of it.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the coordinator must outlive it. Pointers to a query are good until the next call of a
/// non-const function.
class NodeQueries {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::size_t most_queries = 4;

  struct Query {
    /// A node that has rows to come, in the incarnation that has the view.
    struct Node {
      std::size_t worker;
      std::uint32_t epoch;
    };

    const Conversation* client;
    std::int64_t id;
    std::uint32_t number;  ///< At the nodes, of the query and its view.
    Clock::time_point deadline;
    std::uint64_t most_rows;
    std::uint64_t rows = 0;
    std::size_t unanswered = 0;  ///< Nodes that are to answer still.
    std::vector<Node> nodes{};   ///< All that it was begun at.
    std::vector<Node> open{};    ///< Those that have more rows.
  };

  explicit NodeQueries(Coordinator& coordinator) : coordinator_(coordinator) {}

  /// Null if there are too many.
  Query* add(const Conversation& client, std::chrono::milliseconds time, std::uint64_t most_rows);
  /// Null if the client has no such query.
  [[nodiscard]] Query* find(const Conversation& client, std::int64_t id) noexcept;
  /// A node has answered, and there will be more or not.
  void note(std::int64_t id, std::size_t worker, const wire::QueryRows& rows) noexcept;
  /// Every node that has more rows can be asked for them.
  [[nodiscard]] bool can_go_on(const Query& query) const noexcept;

  /// Ends a query, and has the nodes forget it.
  void end(std::int64_t id);
  /// Ends the client's queries.
  void end_all_of(const Conversation& client);
  /// Forgets a query, or all of a client, of which the nodes know nothing, or need not be told.
  void drop(std::int64_t id) noexcept;
  void drop_all_of(const Conversation& client) noexcept;
  /// Ends the queries whose time is over.
  void expire(Clock::time_point now);
  [[nodiscard]] std::optional<Clock::time_point> next_deadline() const noexcept;

 private:
  void tell_nodes(const Query& query);
  template <class Which>
  void end_if(Which which);

  Coordinator& coordinator_;
  std::array<std::optional<Query>, most_queries> queries_;
  std::int64_t last_id_ = 0;
};

}  // namespace pkv
