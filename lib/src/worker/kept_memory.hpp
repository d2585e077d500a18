#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>

namespace pkv {

/// Decides how much freed memory a worker keeps for what comes next: about as much as its entries
/// take. So a file that replaces another one lies in memory that was used before.
///
/// A page that the system gives has to be cleared first, 2 MiB at a time where pages are huge, and
/// whoever wants something else of the worker waits. It takes far longer under a hypervisor that
/// takes back what its guest has freed: milliseconds for each mebibyte.
///
/// Thread safety: none. A value without any system call.
class KeptMemory {
 public:
  static constexpr std::size_t least_bytes = std::size_t{64} << 20;
  static constexpr std::size_t most_bytes = std::size_t{1} << 30;

  /// What is to be kept from now on, when the entries take so much; nothing: what was before. It
  /// follows the entries in large steps, and down only when they have become far fewer.
  [[nodiscard]] std::optional<std::size_t> follow(std::size_t stored_bytes) noexcept {
    if (stored_bytes <= kept_ && stored_bytes >= kept_ / 4) [[likely]]
      return std::nullopt;
    const std::size_t wanted = std::bit_ceil(std::clamp(stored_bytes, least_bytes, most_bytes));
    if (wanted == kept_) return std::nullopt;
    kept_ = wanted;
    return kept_;
  }

 private:
  std::size_t kept_ = least_bytes;
};

}  // namespace pkv
