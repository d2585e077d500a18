#include "pkv_server/key_authority.hpp"

#include <algorithm>
#include <array>

namespace pkv::server {
namespace {

constexpr std::size_t most_holders = 3;

}  // namespace

KeyAuthority::KeyAuthority(const DataSpread& spread, std::span<const std::uint32_t> emptied,
                           std::span<const std::uint32_t> least_trusted_first)
    : ring_(ring_of(spread)),
      copies_(std::min(spread.copies(), most_holders)),
      trust_(spread.workers, least_trusted_first.size() + 1) {
  for (std::size_t i = 0; i < least_trusted_first.size(); ++i)
    trust_[least_trusted_first[i] - 1] = i + 1;
  for (const std::uint32_t node : emptied)
    trust_[node - 1] = 0;
}

std::span<std::size_t> KeyAuthority::holders(std::uint64_t position,
                                             std::span<std::size_t> found) const noexcept {
  return ring_.owner_indices(position, found.first(copies_));
}

std::uint32_t KeyAuthority::of(std::uint64_t position) const noexcept {
  std::array<std::size_t, most_holders> found;
  const auto held_by = holders(position, found);
  const auto trust = [this](std::size_t index) {
    return trust_[to_number(ring_.nodes()[index].id) - 1];
  };
  const std::size_t best = *std::ranges::max_element(held_by, {}, trust);
  return trust(best) > 0 ? to_number(ring_.nodes()[best].id) : 0;
}

bool KeyAuthority::is_holder(std::uint32_t node, std::uint64_t position) const noexcept {
  std::array<std::size_t, most_holders> found;
  const auto held_by = holders(position, found);
  return std::ranges::any_of(
      held_by, [&](std::size_t index) { return ring_.nodes()[index].id == NodeId{node}; });
}

double KeyAuthority::unheld_share() const noexcept {
  // In cells of 2^16 positions, the grain of RingPoint.
  constexpr std::uint64_t all_cells = std::uint64_t{1} << (64 - RingPoint::index_bits);
  std::uint64_t unheld = 0;
  std::uint64_t first = 0;
  const auto add_until = [&](std::uint64_t end) {
    if (end > first && of(first << RingPoint::index_bits) == 0) unheld += end - first;
    first = end;
  };
  for (const RingPoint& point : ring_.points())
    add_until((point.position() >> RingPoint::index_bits) + 1);
  add_until(all_cells);
  return static_cast<double>(unheld) / static_cast<double>(all_cells);
}

}  // namespace pkv::server
