#include "failover/timeline.hpp"

#include <algorithm>

namespace pkv::failover {

std::size_t Timeline::index_of(Clock::time_point when) const {
  return when <= begin_ ? 0 : static_cast<std::size_t>((when - begin_) / piece);
}

Clock::time_point Timeline::begin_of(std::size_t index) const {
  return begin_ + static_cast<Clock::rep>(index) * piece;
}

Timeline::Piece& Timeline::at(Clock::time_point when) {
  if (when < begin_) return before_;
  const std::size_t index = index_of(when);
  if (index >= pieces_.size()) pieces_.resize(index + 1);
  return pieces_[index];
}

void Timeline::add_wait(Clock::time_point end, Clock::duration length) {
  Piece& last = at(end);
  last.wait = std::max(last.wait, length);
}

double Timeline::answers(Clock::time_point from, Clock::time_point to) const {
  double sum = 0;
  for (std::size_t i = index_of(from); i < pieces_.size(); ++i) {
    const Clock::time_point piece_begin = begin_of(i);
    if (piece_begin >= to) break;
    const auto inside = std::min(to, piece_begin + piece) - std::max(from, piece_begin);
    sum += static_cast<double>(pieces_[i].answers) * static_cast<double>(inside.count()) /
           static_cast<double>(piece.count());
  }
  return sum;
}

double Timeline::answers_per_second(Clock::time_point from, Clock::time_point to) const {
  const double seconds = std::chrono::duration<double>(to - from).count();
  return seconds > 0 ? answers(from, to) / seconds : 0;
}

std::uint64_t Timeline::errors(Clock::time_point from, Clock::time_point to) const {
  std::uint64_t sum = 0;
  for (std::size_t i = index_of(from); i < pieces_.size() && begin_of(i) < to; ++i)
    sum += pieces_[i].errors;
  return sum;
}

Clock::duration Timeline::longest_wait(Clock::time_point from, Clock::time_point to) const {
  Clock::duration longest{};
  for (std::size_t i = index_of(from); i < pieces_.size(); ++i)
    if (begin_of(i) - pieces_[i].wait < to) longest = std::max(longest, pieces_[i].wait);
  return longest;
}

}  // namespace pkv::failover
