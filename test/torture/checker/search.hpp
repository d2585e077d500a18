#pragma once

#include "torture/checker/configuration.hpp"
#include "torture/checker/linearizability.hpp"
#include "torture/checker/readings.hpp"
#include "torture/checker/timeline.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

namespace pkv::torture {

/// Looks for an order of the operations on a key, depth first.
///
/// This is the search of J. Wing and C. Gong ("Testing and verifying concurrent objects", 1993)
/// with the configurations remembered from which there is no way on, and with just-in-time
/// linearization (both G. Lowe, "Testing for linearizability", 2017): only when an operation is
/// answered it must have taken place, and only then the order is continued, by it and by what is
/// needed before it. Some things keep the number of orders small:
///
/// - An operation that may come next and would change nothing (a read of the present value) comes
///   next: whatever order there is, it can be moved to the front of it.
/// - A put is not made just before another put. It may still be said later, when it is answered,
///   to have taken place there (Configuration::hidden): that leaves more possibilities. Nor is
///   anything with unknown outcome, which may as well not have happened.
/// - Where no value is written twice, one is not replaced while a read of it is still to come, and
///   one that is read was not hidden.
/// - Of operations with unknown outcome that do the same, one comes first.
///
/// Thread safety: none. Lifetime: the history must outlive it.
class Search {
 public:
  Search(const History& history, const CheckLimits& limits);

  [[nodiscard]] Verdict run();

 private:
  using Slot = std::size_t;

  /// All events before the answer `event` have happened; its operation should have taken place.
  struct Node {
    std::size_t event;
    Configuration at;
  };

  // The search itself.
  void visit(Node node);
  void arrive(std::size_t event, Configuration at);
  [[nodiscard]] bool is_only_possibility(const Node& node) const;
  void push_choices(const Node& node, std::size_t answered);
  void move_to(std::size_t event);
  [[nodiscard]] bool is_exhausted() const;
  [[nodiscard]] Verdict end_with(Judgement judgement, std::size_t event,
                                 const std::string& reason) const;

  // What may happen in a configuration.
  void take_what_changes_nothing(Configuration& at);
  [[nodiscard]] bool may_come_next(std::size_t operation, const Configuration& at) const;
  [[nodiscard]] bool has_twin_before(std::size_t operation, const Configuration& at) const;
  [[nodiscard]] bool is_pointless(std::size_t operation, const Value& value,
                                  const Configuration& at) const;
  void take(std::size_t operation, const Value& value, Configuration& at) const;
  void hide_before_put(std::size_t put, Configuration& at) const;
  [[nodiscard]] bool may_be_replaced(const Configuration& at) const;
  void mark_done(std::size_t operation, Configuration& at) const;

  // What is under way.
  [[nodiscard]] std::size_t predecessor_of(std::size_t operation) const;
  [[nodiscard]] bool follows(std::size_t operation, std::size_t other) const;
  [[nodiscard]] Slot slot_of(std::size_t operation) const {
    return timeline_.course(operation).slot;
  }
  [[nodiscard]] bool is_put(std::size_t operation) const {
    return history_[operation].action == Action::put;
  }
  [[nodiscard]] bool is_known(std::size_t operation) const {
    return history_[operation].outcome == Outcome::ok;
  }

  const History& history_;
  CheckLimits limits_;
  Timeline timeline_;
  Readings readings_;
  std::vector<Node> to_visit_;
  std::unordered_set<Fingerprint, FingerprintHash> visited_;
  std::size_t position_ = 0;  // the events that have happened
  SlotSet under_way_;
  std::array<std::size_t, SlotSet::capacity> operation_in_{};
  bool is_found_ = false;
  std::size_t deepest_ = 0;  // the last answer that could be arrived at
  Value value_there_;
  std::uint64_t steps_ = 0;
};

}  // namespace pkv::torture
