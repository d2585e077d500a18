#pragma once

#include "support/connection.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pkv::torture {

/// A node as NODES describes it.
struct NodeState {
  std::int64_t id = 0;
  pid_t process = 0;
  std::string state;

  [[nodiscard]] bool is_up() const { return state == "up"; }
};

/// Looks at a server's nodes and changes the ring.
///
/// Thread safety: none. Errors: those of test::Connection; they are the server's fault.
class Cluster {
 public:
  using Nodes = std::vector<NodeState>;

  explicit Cluster(std::uint16_t port) : connection_(port) {}

  /// Nothing if the server does not know the command.
  [[nodiscard]] std::optional<Nodes> nodes();

  /// Whether the server knows NODE FAIL and NODE RESTORE.
  [[nodiscard]] bool can_change_ring();

  /// NODE `what` `id`. Returns the error, if there is one.
  [[nodiscard]] std::optional<std::string> change(const std::string& what, std::int64_t id);

  /// Asks for the nodes every 20 ms until they are as wanted. Returns them as they are then, or
  /// nothing if time is up.
  [[nodiscard]] std::optional<Nodes> wait_until(const std::function<bool(const Nodes&)>& wanted,
                                                std::chrono::milliseconds patience);

 private:
  test::Connection connection_;
};

[[nodiscard]] std::size_t count_up(const Cluster::Nodes& nodes);

/// The node with that id; null if there is none.
[[nodiscard]] const NodeState* find(const Cluster::Nodes& nodes, std::int64_t id);

}  // namespace pkv::torture
