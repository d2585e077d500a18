#include "evaluation/measurement.hpp"

#include <algorithm>
#include <cmath>

namespace pkv::evaluation {

Balance Measurement::balance() const {
  Balance balance;
  if (nodes.empty()) return balance;
  const auto count = static_cast<double>(nodes.size());
  double peak = 0;
  for (const NodeLoad& node : nodes) {
    const auto requests = static_cast<double>(node.requests);
    balance.mean += requests / count;
    peak = std::max(peak, requests);
  }
  double squares = 0;
  for (const NodeLoad& node : nodes) {
    const double difference = static_cast<double>(node.requests) - balance.mean;
    squares += difference * difference;
  }
  balance.standard_deviation = std::sqrt(squares / count);
  balance.peak_to_mean = balance.mean > 0 ? peak / balance.mean : 0;
  return balance;
}

}  // namespace pkv::evaluation
