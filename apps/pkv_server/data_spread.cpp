#include "pkv_server/data_spread.hpp"

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <stdexcept>

namespace pkv::server {
namespace {

std::string text_of(const std::vector<double>& weights) {
  std::ostringstream text;
  for (const double weight : weights)
    text << (text.tellp() > 0 ? "," : "") << weight;
  return text.str();
}

}  // namespace

std::size_t DataSpread::copies() const noexcept {
  return std::min(replicas, nodes_on_ring());
}

void DataSpread::put_on_ring(const std::vector<RingNode>& nodes) {
  off.clear();
  for (std::uint32_t node = 1; node <= workers; ++node)
    off.insert(node);
  if (weights.empty()) weights.assign(workers, 1.0);
  for (const RingNode& node : nodes) {
    off.erase(to_number(node.id));
    weights.at(to_number(node.id) - 1) = node.weight;
  }
  if (std::ranges::all_of(weights, [](double weight) { return weight == 1; })) weights.clear();
}

DataSpread spread_of(const Options& options, std::size_t workers) {
  DataSpread spread;
  spread.workers = workers;
  spread.replicas = options.replicas;
  spread.points = options.ring.scheme == RingScheme::node_count
                      ? "nodes"
                      : std::to_string(options.ring.points_per_node);
  const bool even = std::ranges::all_of(options.weights, [](double weight) { return weight == 1; });
  if (!even) spread.weights = options.weights;
  return spread;
}

DataSpread spread_of(const Options& options, std::size_t workers, const DataSpread& before) {
  DataSpread spread = spread_of(options, workers);
  if (!options.weights.empty() || before.workers != workers ||
      before.nodes_on_ring() < std::min(options.replicas, workers))
    return spread;
  spread.weights = before.weights;
  spread.off = before.off;
  return spread;
}

Ring ring_of(const DataSpread& spread) {
  RingOptions options;
  if (spread.points == "nodes")
    options.scheme = RingScheme::node_count;
  else
    options.points_per_node = std::stoull(spread.points);
  std::vector<RingNode> nodes;
  for (std::uint32_t id = 1; id <= spread.workers; ++id)
    if (!spread.off.contains(id)) nodes.push_back({.id = NodeId{id}, .weight = spread.weight(id)});
  return Ring(std::move(nodes), options);
}

std::string differing_options(const DataSpread& spread, const DataSpread& other) {
  std::string text;
  const auto add = [&text](const char* option, const std::string& value) {
    text += (text.empty() ? "" : " ") + std::string(option) + ' ' + value;
  };
  if (spread.workers != other.workers) add("--workers", std::to_string(spread.workers));
  if (spread.weights != other.weights)
    add("--weights", text_of(spread.weights.empty() ? std::vector<double>(spread.workers, 1.0)
                                                    : spread.weights));
  if (spread.off != other.off) {
    const bool all_on = spread.off.empty();
    text += (text.empty() ? "" : " ") + std::string(all_on ? "all nodes on the ring" : "nodes");
    for (const std::uint32_t node : spread.off)
      text += ' ' + std::to_string(node);
    if (!all_on) text += " off the ring";
  }
  if (spread.replicas != other.replicas) add("--replicas", std::to_string(spread.replicas));
  if (spread.points != other.points) add("--points-per-node", spread.points);
  return text;
}

void check_weights(const Options& options, std::size_t workers) {
  if (options.weights.empty() || options.weights.size() == workers) return;
  throw std::runtime_error("--weights gives " + std::to_string(options.weights.size()) +
                           " numbers, but there are " + std::to_string(workers) +
                           " workers: give one for each");
}

}  // namespace pkv::server
