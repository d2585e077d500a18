#pragma once

#include "torture/checker/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pkv::torture {

/// How much a check may cost.
struct CheckLimits {
  /// Beginnings of orders that are remembered; about 50 bytes each.
  std::size_t most_configurations = 10'000'000;
  /// Operations tried, all in all; some ten million a second.
  std::uint64_t most_steps = 1'000'000'000;
};

enum class Judgement {
  linearizable,  ///< There is an order that explains every answer.
  violated,      ///< There is none.
  undecided,     ///< Finding out would have cost more than the limits allow.
};

struct Verdict {
  Judgement judgement = Judgement::linearizable;
  /// Unless linearizable: the index of the operation in question. Violated: all that was answered
  /// before it can be explained, together with its answer not. Undecided: so far the search got.
  std::size_t operation = 0;
  /// What the key may hold at the end, or before that operation; there may be other possibilities.
  Value possible_value;
  /// Why it is undecided.
  std::string reason;
  std::uint64_t steps = 0;
};

/// Whether the operations on a key have taken place one after the other, each at a moment between
/// its invocation and its answer, and those of one client in the order it sent them even if it did
/// not wait for answers. An operation with unknown outcome may take place at any time after its
/// invocation, or never.
///
/// Histories of several keys are linearizable if and only if that of each key is (M. Herlihy,
/// J. Wing, "Linearizability", 1990, theorem 1; A. Horn, D. Kroening, "Faster linearizability
/// checking via P-compositionality", 2015).
///
/// Thread safety: reentrant.
[[nodiscard]] Verdict check(const History& history, const CheckLimits& limits = {});

/// The verdict in a few lines for people: the operation, what was possible, what else was going on.
/// For histories that are linearizable it is one line.
[[nodiscard]] std::string explain(const History& history, const Verdict& verdict,
                                  Clock::time_point beginning);

}  // namespace pkv::torture
