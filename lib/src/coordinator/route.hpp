#pragma once

#include "coordinator/worker_list.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pkv {

/// The copying of an arc's entries to a worker that shall hold them.
struct Fill {
  std::uint32_t transfer = 0;  ///< From 1; 0 is no fill.
  WorkerIndex source = 0;
  WorkerIndex destination = 0;

  friend bool operator==(const Fill&, const Fill&) = default;
};

/// Where the operations on a key go: reads to one holder, writes to all of them and, as far as its
/// transfer has got, to the destination of every fill.
///
/// There are never more than max_replicas holders, nor more than max_replicas fills. No worker is
/// both a holder and the destination of a fill. A key without holders cannot be served. A value
/// of half a cache line.
class alignas(32) Route {
 public:
  /// Workers with all entries, those that the ring prefers first.
  [[nodiscard]] const WorkerList& holders() const noexcept { return holders_; }
  /// Whether there are fills: rarely so.
  [[nodiscard]] bool filling() const noexcept { return fills_.front().transfer != 0; }
  [[nodiscard]] std::span<const Fill> fills() const noexcept { return {fills_.data(), filled()}; }

  [[nodiscard]] bool fills_worker(WorkerIndex worker) const noexcept {
    return std::ranges::find(fills(), worker, &Fill::destination) != fills().end();
  }
  [[nodiscard]] bool fills_from(WorkerIndex worker) const noexcept {
    return std::ranges::find(fills(), worker, &Fill::source) != fills().end();
  }

  void set_holders(const WorkerList& holders) noexcept { holders_ = holders; }
  /// Requires: at most max_replicas fills, of different destinations.
  void set_fills(std::span<const Fill> fills) noexcept {
    assert(fills.size() <= max_replicas);
    std::array<Fill, max_replicas> copy{};  // `fills` may be ours
    std::ranges::copy(fills, copy.begin());
    fills_ = copy;
  }

  friend bool operator==(const Route&, const Route&) = default;

 private:
  [[nodiscard]] std::size_t filled() const noexcept {
    return static_cast<std::size_t>(std::ranges::find(fills_, 0U, &Fill::transfer) -
                                    fills_.begin());
  }

  WorkerList holders_;
  std::array<Fill, max_replicas> fills_{};  ///< Zero behind the last.
};

static_assert(sizeof(Route) == 32);

}  // namespace pkv
