#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace pkv::bench {

/// The names of numbered keys, all of one length: a prefix, then the number with leading zeros.
///
/// Thread safety: immutable.
class Keys {
 public:
  /// Requires: prefix.size() < key_bytes.
  Keys(const std::string& prefix, std::size_t key_bytes)
      : digits_(key_bytes - prefix.size()), zero_(prefix) {
    zero_.append(digits_, '0');
  }

  [[nodiscard]] std::size_t key_bytes() const noexcept { return zero_.size(); }

  /// The first number that has no name of this length; the largest of all if every number has.
  [[nodiscard]] std::uint64_t limit() const noexcept {
    std::uint64_t limit = 1;
    for (std::size_t digit = 0; digit < digits_; ++digit) {
      if (limit > UINT64_MAX / 10) return UINT64_MAX;
      limit *= 10;
    }
    return limit;
  }

  /// Writes key_bytes() bytes. Requires: number < limit().
  void write(char* to, std::uint64_t number) const noexcept {
    std::memcpy(to, zero_.data(), zero_.size());
    for (char* at = to + zero_.size(); number != 0; number /= 10)
      *--at = static_cast<char>('0' + number % 10);
  }

  [[nodiscard]] std::string name_of(std::uint64_t number) const {
    std::string name(key_bytes(), '\0');
    write(name.data(), number);
    return name;
  }

 private:
  std::size_t digits_;
  std::string zero_;  // the name of key 0
};

}  // namespace pkv::bench
