#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pkv::failover {

using Clock = std::chrono::steady_clock;

/// What the clients saw, in pieces of 10 ms.
///
/// Thread safety: none.
class Timeline {
 public:
  static constexpr Clock::duration piece = std::chrono::milliseconds(10);

  explicit Timeline(Clock::time_point begin) : begin_(begin) {}

  // Times before the beginning do not count.
  void add_answer(Clock::time_point when) { at(when).answers += 1; }
  void add_error(Clock::time_point when) { at(when).errors += 1; }
  /// A connection had commands under way and got no answer for so long, until then.
  void add_wait(Clock::time_point end, Clock::duration length);

  /// Answers from one time to another; of pieces that are not whole in between, a part.
  [[nodiscard]] double answers(Clock::time_point from, Clock::time_point to) const;
  [[nodiscard]] double answers_per_second(Clock::time_point from, Clock::time_point to) const;
  [[nodiscard]] std::uint64_t errors(Clock::time_point from, Clock::time_point to) const;
  /// The longest wait of which a part was between the two times.
  [[nodiscard]] Clock::duration longest_wait(Clock::time_point from, Clock::time_point to) const;

  [[nodiscard]] double seconds_of(Clock::time_point when) const {
    return std::chrono::duration<double>(when - begin_).count();
  }
  [[nodiscard]] Clock::time_point begin() const noexcept { return begin_; }
  [[nodiscard]] Clock::time_point end() const { return begin_of(pieces_.size()); }

 private:
  struct Piece {
    std::uint64_t answers = 0;
    std::uint64_t errors = 0;
    Clock::duration wait{};  // the longest that ended in it
  };

  [[nodiscard]] Piece& at(Clock::time_point when);
  [[nodiscard]] std::size_t index_of(Clock::time_point when) const;
  [[nodiscard]] Clock::time_point begin_of(std::size_t index) const;

  Clock::time_point begin_;
  std::vector<Piece> pieces_;
  Piece before_;  // takes what came before the beginning
};

}  // namespace pkv::failover
