#pragma once

#include <span>

namespace pkv::failover {

/// What one node of the ring has of something, requests or keys, and what it ought to have.
struct Portion {
  double amount = 0;
  double weight = 1;  ///< On the ring.
  double held = 0;    ///< The share of the ring that it holds.
};

/// How even it is spread. Amounts count per unit of mean weight, so that a node of double weight
/// with double the amount is an even one.
struct Balance {
  double mean = 0;
  double standard_deviation = 0;  ///< Of the population: the nodes are all there are.
  double peak_to_mean = 0;
  /// The same per unit of held share: without what the ring itself gives one node more than others.
  double peak_to_held = 0;
};

[[nodiscard]] Balance balance_of(std::span<const Portion> portions);

}  // namespace pkv::failover
