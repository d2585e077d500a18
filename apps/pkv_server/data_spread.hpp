#pragma once

#include "pkv/ring.hpp"

#include "pkv_server/options.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pkv::server {

/// How entries are spread over nodes: all that decides which nodes hold a key.
struct DataSpread {
  std::size_t workers = 0;
  std::size_t replicas = 1;
  std::string points;           ///< Of each node on the ring: a number, or `nodes`.
  std::vector<double> weights;  ///< Of nodes 1, 2, ...; empty if all are 1.

  friend bool operator==(const DataSpread&, const DataSpread&) = default;

  /// The nodes that hold each key: of few nodes not more than there are.
  [[nodiscard]] std::size_t copies() const noexcept;
};

[[nodiscard]] DataSpread spread_of(const Options& options, std::size_t workers);

/// That of a server whose nodes are on one machine. Errors: as the constructor of Ring.
[[nodiscard]] Ring ring_of(const DataSpread& spread);

/// The options that differ and `spread`'s values of them, as on a command line: "--workers 4".
[[nodiscard]] std::string differing_options(const DataSpread& spread, const DataSpread& other);

/// Throws std::runtime_error, in words, if there is not one weight for each worker.
void check_weights(const Options& options, std::size_t workers);

}  // namespace pkv::server
