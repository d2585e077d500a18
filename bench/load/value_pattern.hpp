#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::bench {

/// Values that can be checked without remembering what was written: all bytes of a value follow
/// from its key and a version that it carries.
///
///     0         8         16                                  value_bytes
///     | version | hash of | bytes of a fixed random block, from a place on    |
///     |         | key and | that the hash gives                               |
///     |         | version |                                                   |
///
/// Values of less than 16 bytes have no room for a version; they are the first bytes of a hash of
/// the key, so that a single byte still tells 255 of 256 wrong values.
///
/// Writing and checking are one memcpy or memcmp and some arithmetic.
///
/// Thread safety: immutable.
class ValuePattern {
 public:
  /// Requires: value_bytes > 0.
  explicit ValuePattern(std::size_t value_bytes);

  [[nodiscard]] std::size_t value_bytes() const noexcept { return value_bytes_; }

  /// Writes value_bytes() bytes.
  void write(char* to, std::uint64_t key, std::uint64_t version) const noexcept;

  /// Whether `value` is one of those that were written under the key.
  [[nodiscard]] bool matches(std::string_view value, std::uint64_t key) const noexcept;

  /// What is wrong with a value that does not match, for people.
  [[nodiscard]] std::string fault_of(std::string_view value, std::uint64_t key) const;

 private:
  /// The index of the first wrong byte behind the header.
  [[nodiscard]] std::optional<std::size_t> wrong_body_byte(std::string_view value) const noexcept;

  std::size_t value_bytes_;
  std::vector<char> block_;  // the random block twice, so that there is a whole one from any place
};

}  // namespace pkv::bench
