#pragma once

#include "pkv/ring.hpp"

#include "pkv_server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace pkv::server {

/// How entries are spread over nodes: all that decides which nodes hold a key.
struct DataSpread {
  std::size_t workers = 0;
  std::size_t replicas = 1;
  std::string points;           ///< Of each node on the ring: a number, or `nodes`.
  std::vector<double> weights;  ///< Of nodes 1, 2, ...; empty if all are 1.
  std::set<std::uint32_t> off;  ///< Nodes that are not on the ring, and hold nothing.

  friend bool operator==(const DataSpread&, const DataSpread&) = default;

  [[nodiscard]] double weight(std::uint32_t node) const {
    return weights.empty() ? 1.0 : weights.at(node - 1);
  }
  [[nodiscard]] std::size_t nodes_on_ring() const noexcept { return workers - off.size(); }
  /// These are on the ring, and no others.
  void put_on_ring(const std::vector<RingNode>& nodes);
  /// The nodes that hold each key: of few nodes not more than there are.
  [[nodiscard]] std::size_t copies() const noexcept;
};

[[nodiscard]] DataSpread spread_of(const Options& options, std::size_t workers);

/// As the options say; as for weights and nodes that are off the ring, as it was `before` if they
/// give no weights and the nodes are as many.
[[nodiscard]] DataSpread spread_of(const Options& options, std::size_t workers,
                                   const DataSpread& before);

/// That of a server whose nodes are on one machine. Errors: as the constructor of Ring.
[[nodiscard]] Ring ring_of(const DataSpread& spread);

/// The options that differ and `spread`'s values of them, as on a command line: "--workers 4".
[[nodiscard]] std::string differing_options(const DataSpread& spread, const DataSpread& other);

/// Throws std::runtime_error, in words, if there is not one weight for each worker.
void check_weights(const Options& options, std::size_t workers);

}  // namespace pkv::server
