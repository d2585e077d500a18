#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace pkv::bench {

/// The keys that one thread inserts, and how many of them can be read by now.
///
/// Thread t of n inserts first + t, first + t + n, first + t + 2n ... so that threads need not know
/// of each other. Inserts are acknowledged in any order; a key counts as readable when it and all
/// before it were. One that failed is handed out again.
///
/// Thread safety: none.
class InsertSequence {
 public:
  InsertSequence(std::uint64_t first, std::size_t thread, std::size_t threads) noexcept
      : first_(first + thread), step_(threads) {}

  /// The key to insert next.
  [[nodiscard]] std::uint64_t next() {
    if (!failed_.empty()) {
      const std::uint64_t key = failed_.back();
      failed_.pop_back();
      return key;
    }
    acknowledged_.push_back(false);
    return key_at(readable_ + acknowledged_.size() - 1);
  }

  /// What became of a key that next() returned.
  void finished(std::uint64_t key, bool inserted) {
    if (!inserted) {
      failed_.push_back(key);
      return;
    }
    const std::uint64_t index = (key - first_) / step_;
    assert(index >= readable_ && index - readable_ < acknowledged_.size());
    acknowledged_[static_cast<std::size_t>(index - readable_)] = true;
    for (; !acknowledged_.empty() && acknowledged_.front(); ++readable_)
      acknowledged_.pop_front();
  }

  [[nodiscard]] std::uint64_t readable() const noexcept { return readable_; }

  /// The key that was inserted as number `index`, from 0.
  [[nodiscard]] std::uint64_t key_at(std::uint64_t index) const noexcept {
    return first_ + index * step_;
  }

 private:
  std::uint64_t first_;
  std::uint64_t step_;
  std::uint64_t readable_ = 0;
  std::deque<bool> acknowledged_;  // of the keys from key_at(readable_) on
  std::vector<std::uint64_t> failed_;
};

}  // namespace pkv::bench
