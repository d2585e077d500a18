#include "coordinator/node_queries.hpp"

#include "coordinator/discard_replies.hpp"
#include "wire/operation.hpp"
#include "wire/viewing.hpp"

#include <algorithm>

namespace pkv {
namespace {

// Not the numbers of other views.
constexpr std::uint32_t first_number = std::uint32_t{1} << 30;

}  // namespace

NodeQueries::Query* NodeQueries::add(const Conversation& client, std::chrono::milliseconds time,
                                     std::uint64_t most_rows) {
  const auto place =
      std::ranges::find_if(queries_, [](const auto& query) { return !query.has_value(); });
  if (place == queries_.end()) return nullptr;
  return &place->emplace(
      Query{.client = &client,
            .id = ++last_id_,
            .number = first_number + static_cast<std::uint32_t>(place - queries_.begin()),
            .deadline = coordinator_.now() + time,
            .most_rows = most_rows});
}

NodeQueries::Query* NodeQueries::find(const Conversation& client, std::int64_t id) noexcept {
  for (auto& query : queries_)
    if (query && query->id == id && query->client == &client) return &*query;
  return nullptr;
}

void NodeQueries::note(std::int64_t id, std::size_t worker, const wire::QueryRows& rows) noexcept {
  for (auto& query : queries_) {
    if (!query || query->id != id) continue;
    query->rows += rows.rows;
    if (query->unanswered > 0) --query->unanswered;
    if (rows.state != wire::QueryRows::State::more)
      std::erase_if(query->open, [&](const Query::Node& node) { return node.worker == worker; });
  }
}

bool NodeQueries::can_go_on(const Query& query) const noexcept {
  return std::ranges::all_of(query.open, [&](const Query::Node& node) {
    return coordinator_.placement().lives(static_cast<WorkerIndex>(node.worker)) &&
           coordinator_.epoch(node.worker) == node.epoch;
  });
}

void NodeQueries::tell_nodes(const Query& query) {
  ByteBuffer number;
  wire::append_view_number(number, query.number);
  for (const Query::Node& node : query.nodes) {
    if (!coordinator_.placement().lives(static_cast<WorkerIndex>(node.worker)) ||
        coordinator_.epoch(node.worker) != node.epoch)
      continue;
    for (const wire::Opcode opcode : {wire::Opcode::end_query, wire::Opcode::close_view}) {
      wire::Operation operation;
      operation.opcode = opcode;
      operation.value = number.view();
      coordinator_.append(node.worker, operation, discarded_reply());
    }
  }
}

template <class Which>
void NodeQueries::end_if(Which which) {
  for (auto& query : queries_) {
    if (!query || !which(*query)) continue;
    tell_nodes(*query);
    query.reset();
  }
}

void NodeQueries::end(std::int64_t id) {
  end_if([&](const Query& query) { return query.id == id; });
}

void NodeQueries::end_all_of(const Conversation& client) {
  end_if([&](const Query& query) { return query.client == &client; });
}

void NodeQueries::expire(Clock::time_point now) {
  end_if([&](const Query& query) { return query.deadline <= now; });
}

void NodeQueries::drop(std::int64_t id) noexcept {
  for (auto& query : queries_)
    if (query && query->id == id) query.reset();
}

void NodeQueries::drop_all_of(const Conversation& client) noexcept {
  for (auto& query : queries_)
    if (query && query->client == &client) query.reset();
}

std::optional<NodeQueries::Clock::time_point> NodeQueries::next_deadline() const noexcept {
  std::optional<Clock::time_point> next;
  for (const auto& query : queries_)
    if (query && (!next || query->deadline < *next)) next = query->deadline;
  return next;
}

}  // namespace pkv
