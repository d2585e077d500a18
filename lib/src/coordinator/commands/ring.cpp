#include "coordinator/commands/every_node.hpp"
#include "coordinator/commands/fields.hpp"
#include "coordinator/commands/handlers.hpp"
#include "coordinator/commands/node_words.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"
#include "wire/node_statistics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pkv::commands {
namespace {

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits;
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  const std::string text(digits.data(), end);
  return "0x" + std::string(digits.size() - text.size(), '0') + text;
}

std::string scheme_name(const RingOptions& options) {
  return options.scheme == RingScheme::node_count ? "as many points per node as there are nodes"
                                                  : "constant points per node";
}

Reply describe(const Ring& ring) {
  Fields fields;
  fields.add("scheme", scheme_name(ring.options()));
  fields.add("nodes", ring.nodes().size());
  fields.add("points", ring.points().size());
  fields.add("points_per_node",
             static_cast<double>(ring.points().size()) / static_cast<double>(ring.nodes().size()));
  fields.add("peak_to_mean", ring.peak_to_mean());
  for (const RingNode& node : ring.nodes())
    fields.add("share_of_node_" + std::to_string(to_number(node.id)), ring.share(node.id));
  return std::move(fields).take();
}

/// Where a key is now. The owner is its first node on the ring; holders are those that have it.
Reply locate(Coordinator& coordinator, std::string_view key) {
  const NodeId owner = coordinator.ring().owner(key);
  const auto node = std::ranges::find(coordinator.nodes(), owner, &ServerNode::id);
  std::string holders;
  wire::Operation look_up;
  look_up.key = key;
  for (const WorkerIndex worker : coordinator.way_of(look_up).route->holders()) {
    if (!holders.empty()) holders.push_back(' ');
    holders.append(std::to_string(to_number(coordinator.nodes()[worker].id)));
  }
  Fields fields;
  fields.add("node", to_number(node->id));
  fields.add("rank", node->rank);
  fields.add("host", node->host);
  fields.add("holders", holders);
  fields.add("position", hexadecimal(Ring::position(key)));
  return std::move(fields).take();
}

/// What would move, in shares of the circle, and in keys and bytes as far as these are spread
/// evenly over what each node holds.
Reply describe(const Service& service, const PlacementForecast& forecast,
               const std::vector<std::string>& node_reports) {
  Coordinator& coordinator = service.coordinator;
  double keys = 0;
  double bytes = 0;
  std::vector<Reply> moves;
  for (const PlacementForecast::Move& move : forecast.moves) {
    const auto source =
        wire::read_statistics(node_reports[move.source]).value_or(wire::NodeStatistics{});
    const double held = coordinator.placement().held_share(move.source);
    const double part = held > 0 ? move.share / held : 0;
    const double moved_keys = part * static_cast<double>(source.keys);
    const double moved_bytes = part * static_cast<double>(source.stored_bytes);
    keys += moved_keys;
    bytes += moved_bytes;
    Fields fields;
    fields.add("from", to_number(coordinator.nodes()[move.source].id));
    fields.add("to", to_number(coordinator.nodes()[move.destination].id));
    fields.add("share", move.share);
    fields.add("keys", std::llround(moved_keys));
    fields.add("bytes", std::llround(moved_bytes));
    moves.push_back(std::move(fields).take());
  }
  Fields fields;
  fields.add("moved_share", forecast.moved_share);
  fields.add("moved_keys", std::llround(keys));
  fields.add("moved_bytes", std::llround(bytes));
  fields.add("peak_to_mean", forecast.peak_to_mean);
  fields.add("moves", std::move(moves));
  return std::move(fields).take();
}

/// What a change of the ring would move, before anything is.
Outcome what_if(Conversation& client, Words words) {
  const Cluster& cluster = client.service().cluster;
  const std::string_view change = words[2];
  const bool weight = same_word(change, "weight");
  if (!weight && !same_word(change, "add") && !same_word(change, "drop"))
    return client.reply_error(error_text::unknown_subcommand("ring|whatif", change));
  if (words.size() != (weight ? 5U : 4U))
    return client.reply_error(error_text::wrong_arity("ring|whatif"));
  const auto node = node_id(words[3]);
  if (!node) return client.reply_error(no_node_id);

  Cluster::NextRing next;
  if (weight) {
    const auto number = node_weight(words[4]);
    if (!number) return client.reply_error(no_weight);
    next = cluster.with_weight(*node, *number);
  } else {
    next = same_word(change, "add") ? cluster.with(*node) : cluster.without(*node);
  }
  if (!next.ring) return client.reply_error(next.why_not);
  const Service& service = client.service();
  auto compose =
      [&service, forecast = cluster.forecast(*next.ring)](const std::vector<std::string>& reports) {
        return describe(service, forecast, reports);
      };
  wire::Operation statistics;
  statistics.opcode = wire::Opcode::statistics;
  const auto operations = at_every_node(service, statistics);
  auto gather = std::make_unique<GatherNodes>(service.coordinator.worker_count(), operations.size(),
                                              std::move(compose));
  return client.forward_to_nodes(operations, std::move(gather));
}

}  // namespace

Outcome ring(Conversation& client, Words words) {
  Coordinator& coordinator = client.service().coordinator;
  if (words.size() == 1) return client.reply(describe(coordinator.ring()));
  if (same_word(words[1], "whatif") && words.size() > 2) return what_if(client, words);
  if (!same_word(words[1], "where"))
    return client.reply_error(error_text::unknown_subcommand("ring", words[1]));
  if (words.size() != 3) return client.reply_error(error_text::wrong_arity("ring|where"));
  return client.reply(locate(coordinator, words[2]));
}

}  // namespace pkv::commands
