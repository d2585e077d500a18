#pragma once

#include "load/random.hpp"

#include <cstdint>

namespace pkv::bench {

/// Ranks from 0, the most popular, to items - 1: rank r comes up in proportion to 1 / (r +
/// 1)^theta.
///
/// The algorithm is that of Gray, Sundaresan, Englert, Baclawski, Weinberger: "Quickly Generating
/// Billion-Record Synthetic Databases", SIGMOD 1994, figure 2, which YCSB uses too. It is exact for
/// the ranks 0 and 1 and a close approximation beyond.
///
/// Thread safety: none.
class Zipf {
 public:
  /// Requires: items > 0, 0 < theta < 1.
  Zipf(std::uint64_t items, double theta);

  [[nodiscard]] std::uint64_t choose(Random& random) const noexcept;

  /// There are that many items now. Takes time in proportion to what was added.
  void grow_to(std::uint64_t items);

  [[nodiscard]] std::uint64_t items() const noexcept { return items_; }

 private:
  void prepare() noexcept;

  std::uint64_t items_;
  double theta_;
  double sum_;  // of all weights
  double alpha_ = 0;
  double eta_ = 0;
  double second_limit_;  // weights of ranks 0 and 1
};

/// The sum of 1 / i^theta for i from 1 to n, by the Euler-Maclaurin formula beyond the first
/// thousand terms, hence as quick for a billion. Requires: 0 < theta < 1.
[[nodiscard]] double zeta(std::uint64_t n, double theta) noexcept;

}  // namespace pkv::bench
