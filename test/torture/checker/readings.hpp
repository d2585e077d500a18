#pragma once

#include "torture/checker/timeline.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace pkv::torture {

/// What the answers say about values beforehand. Where no value is written twice, one that is
/// replaced never comes back: while a read of it is still to come, it must stay.
///
/// Where values may recur, nothing is known.
class Readings {
 public:
  Readings(const History& history, const Timeline& timeline);

  /// Whether somebody reads what was put as this value, or appended to it later.
  [[nodiscard]] bool has_any(const Value& put) const { return origins_.contains(put.content); }

  /// Whether an increment was answered with this number.
  [[nodiscard]] bool is_sum(const Value& value) const { return sums_.contains(value.content); }

  /// Whether a read of the value may be left when `position` events have happened, and where it is:
  /// still to be invoked, or to be answered only.
  enum class Left { none, answers, invocations };
  [[nodiscard]] Left after(std::size_t position, const Value& value) const;

 private:
  struct Last {
    std::size_t invocation = 0;
    std::size_t answer = 0;
  };

  std::unordered_map<std::uint64_t, Last> last_of_;  // by the contents
  std::unordered_set<std::uint64_t> origins_;
  std::unordered_set<std::uint64_t> sums_;
};

}  // namespace pkv::torture
