#include "torture/cluster.hpp"

#include <algorithm>
#include <thread>

namespace pkv::torture {
namespace {

using namespace std::chrono_literals;

constexpr auto interval = 20ms;

}  // namespace

std::optional<Cluster::Nodes> Cluster::nodes() {
  const Reply reply = connection_.ask("NODES");
  if (!reply.is_array()) return std::nullopt;
  Nodes nodes;
  for (const Reply& described : reply.elements()) {
    NodeState node;
    node.id = test::field(described, "id").integer();
    node.process = static_cast<pid_t>(test::field(described, "pid").integer());
    node.state = test::field(described, "state").text();
    nodes.push_back(std::move(node));
  }
  return nodes;
}

bool Cluster::can_change_ring() {
  const Reply reply = connection_.ask("NODE");  // without arguments it does nothing
  return !reply.is_error() || reply.text().find("unknown command") == std::string_view::npos;
}

std::optional<std::string> Cluster::change(const std::string& what, std::int64_t id) {
  const Reply reply = connection_.ask("NODE", what, id);
  if (!reply.is_error()) return std::nullopt;
  return "NODE " + what + ' ' + std::to_string(id) + ": " + std::string(reply.text());
}

std::optional<Cluster::Nodes> Cluster::wait_until(const std::function<bool(const Nodes&)>& wanted,
                                                  std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::optional<Nodes> now = nodes();
    if (now && wanted(*now)) return now;
    if (std::chrono::steady_clock::now() > deadline) return std::nullopt;
    std::this_thread::sleep_for(interval);
  }
}

std::size_t count_up(const Cluster::Nodes& nodes) {
  return static_cast<std::size_t>(std::count_if(
      nodes.begin(), nodes.end(), [](const NodeState& node) { return node.is_up(); }));
}

const NodeState* find(const Cluster::Nodes& nodes, std::int64_t id) {
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [id](const NodeState& node) { return node.id == id; });
  return found == nodes.end() ? nullptr : &*found;
}

}  // namespace pkv::torture
