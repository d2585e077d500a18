#pragma once

#include "torture/checker/operation.hpp"

#include <cstddef>
#include <vector>

namespace pkv::torture {

/// The invocations and answers of a history in the order of time. What happened at the same time is
/// taken to overlap.
///
/// Every operation has a slot from its invocation to its answer, for good if it got none. Lifetime:
/// the history must outlive it.
class Timeline {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Event {
    Clock::time_point time;
    bool is_answer;
    std::size_t operation;  ///< Its index in the history.
  };

  struct Course {
    std::size_t slot = none;
    /// What the same client sent before, if that was still under way.
    std::size_t predecessor = none;
    std::size_t invocation = none;  ///< Index of the event.
    std::size_t answer = none;      ///< Index of the event.
  };

  explicit Timeline(const History& history);

  [[nodiscard]] const std::vector<Event>& events() const noexcept { return events_; }
  [[nodiscard]] const Course& course(std::size_t operation) const { return courses_[operation]; }

  /// The first answer at or after event `from`; none if there is no more.
  [[nodiscard]] std::size_t next_answer(std::size_t from) const noexcept;

  /// The first event for which there was no slot left; none if all goes well.
  [[nodiscard]] std::size_t crowded() const noexcept { return crowded_; }

 private:
  void list_events(const History& history);
  void assign_slots(const History& history);

  std::vector<Event> events_;
  std::vector<Course> courses_;
  std::size_t crowded_ = none;
};

}  // namespace pkv::torture
