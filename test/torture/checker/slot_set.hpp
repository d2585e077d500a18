#pragma once

#include "torture/checker/value.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pkv::torture {

/// A set of slots, which are what operations under way are numbered by.
class SlotSet {
 public:
  static constexpr std::size_t capacity = 256;

  void insert(std::size_t slot) noexcept { words_[slot / 64] |= bit(slot); }
  void erase(std::size_t slot) noexcept { words_[slot / 64] &= ~bit(slot); }

  [[nodiscard]] bool contains(std::size_t slot) const noexcept {
    return (words_[slot / 64] & bit(slot)) != 0;
  }

  [[nodiscard]] bool is_empty() const noexcept { return *this == SlotSet{}; }

  /// Those that are in this set and not in the other.
  [[nodiscard]] SlotSet without(const SlotSet& other) const noexcept {
    SlotSet rest;
    for (std::size_t i = 0; i < words_.size(); ++i)
      rest.words_[i] = words_[i] & ~other.words_[i];
    return rest;
  }

  /// Calls `visit(slot)` for each, lowest first. It may change the set.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      for (std::uint64_t left = words_[i]; left != 0; left &= left - 1)
        visit(64 * i + static_cast<std::size_t>(std::countr_zero(left)));
  }

  [[nodiscard]] std::uint64_t hash() const noexcept {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : words_)
      hash = spread(hash + word);
    return hash;
  }

  friend bool operator==(const SlotSet&, const SlotSet&) = default;

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(std::size_t slot) noexcept {
    return std::uint64_t{1} << slot % 64;
  }

  std::array<std::uint64_t, capacity / 64> words_{};
};

}  // namespace pkv::torture
