#include "base/decimal.hpp"
#include "coordinator/commands/handlers.hpp"
#include "coordinator/gather_query.hpp"
#include "coordinator/service.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"
#include "sql/limits.hpp"
#include "wire/copying.hpp"
#include "wire/querying.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// SQLNODES: runs a query in SQL at each node, over those entries of which the node is the first
// holder, all as of one place in the order. What the rows make together is for the client to say.

namespace pkv::commands {
namespace {

constexpr std::int64_t longest_query_ms = 3'600'000;

struct Bounds {
  std::int64_t time_ms = 10'000;
  std::int64_t rows = 1'000'000;
};

std::optional<Bounds> read_bounds(Words words) {
  Bounds bounds;
  if (words.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto number = parse_integer(words[i + 1]);
    if (!number || *number < 1) return std::nullopt;
    if (same_word(words[i], "timeout") && *number <= longest_query_ms)
      bounds.time_ms = *number;
    else if (same_word(words[i], "maxrows"))
      bounds.rows = *number;
    else
      return std::nullopt;
  }
  return bounds;
}

/// The operations that begin a query, and what they carry.
struct Beginning {
  std::vector<ByteBuffer> values;
  std::vector<NodeOperation> operations;

  void add(std::size_t worker, wire::Opcode opcode, const ByteBuffer& value) {
    wire::Operation operation;
    operation.opcode = opcode;
    operation.value = value.view();
    operations.push_back({worker, operation});
  }
};

Beginning begin_at(NodeQueries::Query& query, const Placement::Shares& shares, std::string_view sql,
                   const Coordinator& coordinator) {
  Beginning beginning;
  ByteBuffer& request = beginning.values.emplace_back();
  wire::append_query_request(request, {query.number, sql});
  beginning.values.reserve(1 + shares.of_worker.size());  // the values stay where they are
  for (std::size_t worker = 0; worker < shares.of_worker.size(); ++worker) {
    if (shares.of_worker[worker].empty()) continue;
    ByteBuffer& ranges = beginning.values.emplace_back();
    wire::append_ranges(ranges, query.number, shares.of_worker[worker]);
    beginning.add(worker, wire::Opcode::open_view, ranges);
    beginning.add(worker, wire::Opcode::begin_query, beginning.values.front());
    query.nodes.push_back({worker, coordinator.epoch(worker)});
  }
  query.open = query.nodes;
  query.unanswered = query.nodes.size();
  return beginning;
}

Outcome begin(Conversation& client, Words words) {
  Service& service = client.service();
  const std::optional<Bounds> bounds = read_bounds(words.subspan(3));
  if (!bounds) return client.reply_error(error_text::syntax);
  if (words[2].size() > sql::most_query_bytes)
    return client.reply_error("ERR a query has at most " + std::to_string(sql::most_query_bytes) +
                              " bytes");
  const Placement::Shares shares =
      service.coordinator.placement().shares([](WorkerIndex) { return true; });
  if (!shares.complete) return client.reply_error(error_text::of(errc::node_down));
  NodeQueries::Query* const query = service.node_queries.add(
      client, std::chrono::milliseconds(bounds->time_ms), static_cast<std::uint64_t>(bounds->rows));
  if (query == nullptr)
    return client.reply_error("BUSY " + std::to_string(NodeQueries::most_queries) +
                              " queries are under way already, try again when one is done");
  const std::int64_t id = query->id;
  const Beginning beginning = begin_at(*query, shares, words[2], service.coordinator);
  const Outcome outcome = client.forward_to_nodes(
      beginning.operations,
      std::make_unique<GatherQueryBegin>(beginning.operations.size(), service.node_queries, id));
  if (outcome != Outcome::done) service.node_queries.drop(id);  // it will be begun anew
  return outcome;
}

Outcome next(Conversation& client, NodeQueries::Query& query) {
  NodeQueries& queries = client.service().node_queries;
  if (!queries.can_go_on(query)) {
    queries.end(query.id);
    return client.reply_error("NODEDOWN a node was lost while the query ran, begin again");
  }
  // A node runs what it is asked for together in one go: slices must not come together.
  if (query.unanswered > 0)
    return client.reply_error("BUSY the answer to the last NEXT is still to come, or was an error");
  ByteBuffer request;
  wire::append_query_request(request, {query.number, {}});
  wire::Operation operation;
  operation.opcode = wire::Opcode::next_rows;
  operation.value = request.view();
  std::vector<NodeOperation> operations;
  for (const NodeQueries::Query::Node& node : query.open)
    operations.push_back({node.worker, operation});
  auto gather = std::make_unique<GatherQueryRows>(operations.size(), queries, query);
  const std::size_t asked = operations.size();
  const Outcome outcome = client.forward_to_nodes(operations, std::move(gather));
  if (outcome == Outcome::done) query.unanswered = asked;
  return outcome;
}

}  // namespace

Outcome sql_nodes(Conversation& client, Words words) {
  if (same_word(words[1], "begin")) {
    if (words.size() < 3) return client.reply_error(error_text::wrong_arity("sqlnodes|begin"));
    return begin(client, words);
  }
  const bool goes_on = same_word(words[1], "next");
  if (!goes_on && !same_word(words[1], "end"))
    return client.reply_error(error_text::unknown_subcommand("sqlnodes", words[1]));
  if (words.size() != 3)
    return client.reply_error(error_text::wrong_arity(goes_on ? "sqlnodes|next" : "sqlnodes|end"));
  const auto id = parse_integer(words[2]);
  if (!id) return client.reply_error(error_text::not_an_integer);
  NodeQueries& queries = client.service().node_queries;
  queries.expire(client.service().coordinator.now());
  NodeQueries::Query* const query = queries.find(client, *id);
  if (query == nullptr)
    return client.reply_error(
        "TIMEOUT the query is over: it took longer than its time limit, or was ended");
  if (goes_on) return next(client, *query);
  queries.end(*id);
  return client.reply_status("OK");
}

}  // namespace pkv::commands
