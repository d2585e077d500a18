#include "failover/balance.hpp"

#include <algorithm>
#include <cmath>

namespace pkv::failover {

Balance balance_of(std::span<const Portion> portions) {
  Balance balance;
  Portion sum{0, 0, 0};
  for (const Portion& portion : portions) {
    sum.amount += portion.amount;
    sum.weight += portion.weight;
    sum.held += portion.held;
  }
  if (portions.empty() || sum.amount <= 0) return balance;
  const auto count = static_cast<double>(portions.size());
  balance.mean = sum.amount / count;
  double squares = 0;
  for (const Portion& portion : portions) {
    const double amount = portion.amount / (portion.weight * count / sum.weight);
    squares += (amount - balance.mean) * (amount - balance.mean);
    balance.peak_to_mean = std::max(balance.peak_to_mean, amount / balance.mean);
    if (portion.held > 0)
      balance.peak_to_held =
          std::max(balance.peak_to_held, portion.amount / sum.amount / (portion.held / sum.held));
  }
  balance.standard_deviation = std::sqrt(squares / count);
  return balance;
}

}  // namespace pkv::failover
