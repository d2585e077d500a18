#pragma once

#include "coordinator/copy_pace.hpp"
#include "wire/copying.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace pkv {

/// How much to ask for in the next page of a transfer, learnt from the last one.
///
/// Thread safety: none.
/// Lifetime: the settings must outlive it.
class PageSize {
 public:
  explicit PageSize(const CopySettings& settings)
      : settings_(settings), bytes_(settings.least_page_bytes) {}

  [[nodiscard]] std::uint32_t bytes() const noexcept { return bytes_; }
  /// Where a page from this position on should end at the latest.
  [[nodiscard]] std::uint64_t end_from(std::uint64_t position) const noexcept {
    return position + std::min(span_, wire::scan_end - position);
  }

  /// A page from `from` that should have ended at `end` has come, up to `next`.
  void learn(std::uint64_t from, std::uint64_t next, std::uint64_t end,
             std::chrono::steady_clock::duration took) noexcept {
    // Little more than a page can cover: writes beyond what it does cover are held in vain.
    const std::uint64_t covered = next - from;
    span_ = next < end ? covered + covered / 2 : std::min(4 * span_, wire::scan_end);
    bytes_ = took > settings_.slow_page ? std::max(bytes_ / 2, settings_.least_page_bytes)
                                        : std::min(bytes_ * 2, settings_.most_page_bytes);
  }

 private:
  const CopySettings& settings_;
  std::uint64_t span_ = wire::scan_end >> 10;  // a guess, as nothing is known of the entries
  std::uint32_t bytes_;
};

}  // namespace pkv
