#include "load/zipf.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace pkv::bench {
namespace {

double weight(std::uint64_t rank, double theta) noexcept {
  return std::pow(static_cast<double>(rank + 1), -theta);
}

}  // namespace

double zeta(std::uint64_t n, double theta) noexcept {
  constexpr std::uint64_t summed = 1000;
  double sum = 0;
  for (std::uint64_t rank = 0; rank < std::min(n, summed); ++rank)
    sum += weight(rank, theta);
  if (n <= summed) return sum;
  const double from = summed;
  const auto to = static_cast<double>(n);
  const double integral = (std::pow(to, 1 - theta) - std::pow(from, 1 - theta)) / (1 - theta);
  const double ends = (std::pow(to, -theta) - std::pow(from, -theta)) / 2;
  const double slopes = theta * (std::pow(from, -theta - 1) - std::pow(to, -theta - 1)) / 12;
  return sum + integral + ends + slopes;
}

Zipf::Zipf(std::uint64_t items, double theta)
    : items_(items),
      theta_(theta),
      sum_(zeta(items, theta)),
      second_limit_(1 + std::pow(0.5, theta)) {
  assert(items > 0 && theta > 0 && theta < 1);
  prepare();
}

void Zipf::prepare() noexcept {
  alpha_ = 1 / (1 - theta_);
  // With one or two items choose() does not get as far as eta.
  if (items_ <= 2) return;
  eta_ = (1 - std::pow(2 / static_cast<double>(items_), 1 - theta_)) / (1 - second_limit_ / sum_);
}

std::uint64_t Zipf::choose(Random& random) const noexcept {
  const double part = random.unit();
  const double weights = part * sum_;
  if (weights < 1 || items_ == 1) return 0;
  if (weights < second_limit_ || items_ == 2) return 1;
  const double rank = static_cast<double>(items_) * std::pow(eta_ * part - eta_ + 1, alpha_);
  return std::min(static_cast<std::uint64_t>(rank), items_ - 1);
}

void Zipf::grow_to(std::uint64_t items) {
  if (items <= items_) return;
  for (; items_ < items; ++items_)
    sum_ += weight(items_, theta_);
  prepare();
}

}  // namespace pkv::bench
