#include "coordinator/route_table.hpp"

#include "base/hash.hpp"

#include <bit>
#include <cassert>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pkv {
namespace {

constexpr std::uint64_t highest_position = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t page_arcs = std::size_t{1} << RingPoint::index_bits;

}  // namespace

RouteTable::RouteTable()
    : RouteTable([] {
        Builder builder;
        builder.add(highest_position, RoutedArc{});
        return std::move(builder).finish();
      }()) {}

RouteTable::RouteTable(Builder&& builder)
    : points_(std::move(builder.points_)),
      page_starts_(std::move(builder.page_starts_)),
      routes_(std::move(builder.routes_)),
      targets_(std::move(builder.targets_)),
      cells_(std::move(builder.cells_)) {}

std::size_t RouteTable::Builder::Hash::operator()(const RoutedArc& arc) const noexcept {
  // The bytes of both members, without the padding between.
  static_assert(std::has_unique_object_representations_v<Route>);
  static_assert(std::has_unique_object_representations_v<WorkerList>);
  const auto bytes_of = [](const auto& value) {
    return std::string_view(reinterpret_cast<const char*>(&value), sizeof value);
  };
  return hash_bytes(bytes_of(arc.route)) + std::rotl(hash_bytes(bytes_of(arc.targets)), 1);
}

void RouteTable::Builder::add(std::uint64_t last, const RoutedArc& arc) {
  assert((last & RingPoint::index_mask) == RingPoint::index_mask);
  assert(!is_open_ || last > open_last_);
  if (is_open_ && arc != open_arc_) close_arc();
  open_arc_ = arc;
  open_last_ = last;
  is_open_ = true;
}

/// Numbers the route of the open arc within its page.
void RouteTable::Builder::close_arc() {
  if (points_.size() % page_arcs == 0) {
    page_starts_.push_back(routes_.size());
    numbers_.clear();
  }
  const std::size_t page_start = page_starts_.back();
  const auto next_number = static_cast<std::uint16_t>(routes_.size() - page_start);
  const auto [known, is_new] = numbers_.try_emplace(open_arc_, next_number);
  if (is_new) {
    routes_.push_back(open_arc_.route);
    targets_.push_back(open_arc_.targets);
    cells_.push_back(0);
  }
  cells_[page_start + known->second] += cells_of({next_first_, open_last_});
  points_.emplace_back(open_last_, known->second);
  next_first_ = open_last_ + 1;
}

RouteTable RouteTable::Builder::finish() && {
  assert(is_open_ && open_last_ == highest_position);
  close_arc();
  return RouteTable(std::move(*this));
}

}  // namespace pkv
