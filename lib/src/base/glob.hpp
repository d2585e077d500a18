#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pkv {

/// A pattern that names are compared with, by Redis' rules: `*` stands for any bytes, `?` for one,
/// `[ac-x]` for one of these and `[^ac-x]` for one that is none of these; a `\` takes its meaning
/// from the byte that follows; everything else stands for itself. A bracket that is not closed goes
/// on to the pattern's end. The whole name has to fit, and all is about bytes.
///
/// The pattern is an automaton with a state before each of the bytes that it stands for, and all
/// states that a name can have led to are followed at once, a bit each (Baeza-Yates and Gonnet, "A
/// new approach to text searching", CACM 35(10), 1992). So no pattern takes more than name.size() *
/// words steps, where a word has 64 states.
///
/// Thread safety: a const object may be used by many threads.
/// Errors: the constructor throws std::bad_alloc.
class GlobPattern {
 public:
  static constexpr std::size_t most_bytes = 1024;

  /// Requires: at most `most_bytes`.
  explicit GlobPattern(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view name) const noexcept;

 private:
  static constexpr std::size_t most_words = most_bytes / 64 + 1;  // there is a state at the end
  using States = std::array<std::uint64_t, most_words>;

  [[nodiscard]] static bool has(const States& states, std::size_t state) noexcept {
    return (states[state / 64] >> (state % 64) & 1U) != 0;
  }

  std::size_t words_;
  std::vector<std::uint64_t> steps_;  // of each byte: the states that it leads on from
  States stays_{};                    // the states that any byte leaves as they are
  std::size_t end_ = 0;               // the state in which all of the pattern has been met
};

}  // namespace pkv
