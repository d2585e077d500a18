// Consistent hashing by itself: who owns which key, and what moves when a node joins.
#include "pkv/ring.hpp"

#include <iomanip>
#include <iostream>
#include <string_view>

int main() {
  const pkv::Ring ring({{.id = pkv::NodeId{1}, .host = "berlin"},
                        {.id = pkv::NodeId{2}, .host = "oslo"},
                        {.id = pkv::NodeId{3}, .weight = 2.0, .host = "oslo"}});

  for (const std::string_view key : {"apple", "banana", "cherry"}) {
    std::cout << key << " is on node " << to_number(ring.owner(key)) << ", its copy on node "
              << to_number(ring.owners(key, 2).back()) << '\n';
  }

  std::cout << std::fixed << std::setprecision(3);
  for (const pkv::RingNode& node : ring.nodes()) {
    std::cout << "node " << to_number(node.id) << " owns " << ring.share(node.id) << '\n';
  }

  const pkv::Ring larger = ring.with_node({.id = pkv::NodeId{4}, .host = "paris"});
  std::cout << "a fourth node takes over " << ring.moved(larger).fraction << " of all keys\n";
}
