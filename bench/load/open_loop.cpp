#include "load/open_loop.hpp"

#include <algorithm>

namespace pkv::bench {

void OpenLoop::add_room(std::size_t connection, Clock::time_point now) {
  if (has_room_[connection]) return;
  has_room_[connection] = true;
  if (line_.empty()) room_since_ = now;
  line_.push_back(connection);
}

void OpenLoop::remove(std::size_t connection) {
  if (!has_room_[connection]) return;
  has_room_[connection] = false;
  line_.erase(std::find(line_.begin(), line_.end(), connection));
}

std::optional<OpenLoop::Turn> OpenLoop::next(Clock::time_point now) {
  if (line_.empty() || over()) return std::nullopt;
  const Turn turn{line_.front(), schedule_.due()};
  if (turn.due > now) return std::nullopt;
  delays_.record(now - std::max(turn.due, room_since_));
  line_.pop_front();
  has_room_[turn.connection] = false;
  schedule_.advance();
  --left_;
  return turn;
}

std::optional<Clock::time_point> OpenLoop::wake_up() const {
  if (line_.empty() || over()) return std::nullopt;
  return schedule_.due();
}

std::uint64_t OpenLoop::abandon(Clock::time_point now) {
  std::uint64_t due = 0;
  for (; !over() && schedule_.due() <= now; --left_, ++due)
    schedule_.advance();
  left_ = 0;
  return due;
}

}  // namespace pkv::bench
