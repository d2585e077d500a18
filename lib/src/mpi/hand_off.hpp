#pragma once

#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace pkv::mpi {

/// Carries items from one thread to another in the order given, many at a time for one lock.
///
/// Thread safety: one thread gives, one takes; both at once.
template <class Item>
class HandOff {
 public:
  /// Moves all of `items` in and leaves it empty. Returns whether nothing was waiting before.
  bool give(std::vector<Item>& items) {
    const std::lock_guard lock(mutex_);
    const bool was_empty = waiting_.empty();
    move_all(items, waiting_);
    return was_empty;
  }

  /// Appends everything that is waiting to `items`.
  void take(std::vector<Item>& items) {
    const std::lock_guard lock(mutex_);
    move_all(waiting_, items);
  }

  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
  }

 private:
  /// Swaps where possible, so that both sides go on using the memory that they have.
  static void move_all(std::vector<Item>& from, std::vector<Item>& to) {
    if (to.empty()) {
      to.swap(from);
    } else {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
      from.clear();
    }
  }

  mutable std::mutex mutex_;
  std::vector<Item> waiting_;
};

}  // namespace pkv::mpi
