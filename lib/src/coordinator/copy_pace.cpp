#include "coordinator/copy_pace.hpp"

#include <algorithm>

namespace pkv {

bool CopyPace::lets_pass(std::size_t waiting_bytes, Clock::time_point now) noexcept {
  if (waiting_bytes <= settings_.short_queue_bytes) return true;
  if (!courteous_since_) courteous_since_ = now;
  return now - *courteous_since_ >= settings_.longest_courtesy;
}

bool CopyPace::failed(Clock::time_point now) noexcept {
  auto pause = settings_.first_pause;
  for (std::uint32_t i = 0; i < failures_ && pause < settings_.longest_pause; ++i)
    pause *= 2;
  paused_until_ = now + std::min(pause, settings_.longest_pause);
  return ++failures_ <= settings_.most_failures;
}

void CopyPace::restart() noexcept {
  failures_ = 0;
  paused_until_ = {};
  courteous_since_.reset();
}

}  // namespace pkv
