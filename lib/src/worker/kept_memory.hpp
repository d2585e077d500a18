#pragma once

#include "pkv/entry.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>

namespace pkv {

/// Decides how much freed memory a worker keeps for what comes next: about as much as its entries
/// take, or took in the last ten seconds. So a file that replaces another one lies in memory that
/// was used before.
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
  /// In milliseconds, as all times here.
  static constexpr Timestamp patience = 10'000;

  /// What is to be kept from now on, when the entries take so much; nothing: what was before. It
  /// follows the entries up in large steps, and down when they have been far fewer for `patience`.
  [[nodiscard]] std::optional<std::size_t> follow(std::size_t stored_bytes,
                                                  Timestamp now) noexcept {
    if (stored_bytes > kept_) return set(stored_bytes);
    if (stored_bytes >= kept_ / 4 || kept_ == least_bytes) [[likely]] {
      few_since_.reset();
      return std::nullopt;
    }
    if (!few_since_) few_since_ = now;
    return now - *few_since_ < patience ? std::nullopt : set(stored_bytes);
  }

  /// The same after a time without any work: it waits no longer.
  [[nodiscard]] std::optional<std::size_t> settle(std::size_t stored_bytes) noexcept {
    return stored_bytes >= kept_ / 4 ? std::nullopt : set(stored_bytes);
  }

 private:
  [[nodiscard]] std::optional<std::size_t> set(std::size_t stored_bytes) noexcept {
    few_since_.reset();
    const std::size_t wanted = std::bit_ceil(std::clamp(stored_bytes, least_bytes, most_bytes));
    if (wanted == kept_) return std::nullopt;
    kept_ = wanted;
    return kept_;
  }

  std::size_t kept_ = least_bytes;
  std::optional<Timestamp> few_since_;
};

}  // namespace pkv
