#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pkv {

/// The most copies of a key.
inline constexpr std::size_t max_replicas = 3;

/// Names a worker process: its rank less one.
using WorkerIndex = std::uint16_t;

/// Up to max_replicas different workers in an order of preference. A value of eight bytes.
class WorkerList {
 public:
  [[nodiscard]] const WorkerIndex* begin() const noexcept { return workers_.data(); }
  [[nodiscard]] const WorkerIndex* end() const noexcept { return workers_.data() + count_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] WorkerIndex front() const noexcept { return workers_.front(); }
  [[nodiscard]] bool contains(WorkerIndex worker) const noexcept {
    return std::find(begin(), end(), worker) != end();
  }

  /// Requires: not full, and not in the list.
  void add(WorkerIndex worker) noexcept {
    assert(count_ < max_replicas && !contains(worker));
    workers_[count_++] = worker;
  }

  /// Returns false if the worker is not in the list.
  bool remove(WorkerIndex worker) noexcept {
    const auto filled = workers_.begin() + count_;
    const auto kept = std::remove(workers_.begin(), filled, worker);
    if (kept == filled) return false;
    *kept = 0;  // equal lists are equal bytes
    --count_;
    return true;
  }

  friend bool operator==(const WorkerList&, const WorkerList&) = default;

 private:
  std::array<WorkerIndex, max_replicas> workers_{};  ///< Zero behind the last.
  std::uint16_t count_ = 0;
};

}  // namespace pkv
