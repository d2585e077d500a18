#pragma once

#include "coordinator/copy_budget.hpp"
#include "coordinator/copy_pace.hpp"
#include "coordinator/store_scan.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pkv {

/// The scans of the whole store that are under way.
///
/// They give way to clients as transfers do: while clients are busy, pages start a while apart.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: the coordinator must outlive it; it must outlive the coordinator's answers.
class StoreScans {
 public:
  explicit StoreScans(Coordinator& coordinator);

  /// At most so many at a time: a node has memory for the views of few.
  static constexpr std::size_t most_scans = 4;
  [[nodiscard]] bool full() const noexcept { return scans_.size() >= most_scans; }

  /// Begins one, at a place in the order of its own. What it returns is good until the consumer's
  /// on_end(), which may come before this returns, or until it is stopped. Requires: !full().
  StoreScan& begin(ScanConsumer& consumer);

  /// Call it in every turn, and every few milliseconds while busy().
  void step();
  [[nodiscard]] bool busy() const noexcept { return !scans_.empty(); }

 private:
  void pace();

  Coordinator& coordinator_;
  CopySettings settings_;
  CopyBudget budget_;
  std::vector<std::unique_ptr<StoreScan>> scans_;
  std::uint32_t last_number_ = 0;
  std::uint64_t commands_then_ = 0;  // when it was last looked whether clients are busy
  Coordinator::Clock::time_point looked_then_{};
};

}  // namespace pkv
