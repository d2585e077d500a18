#include "pkv_server/worker_watch.hpp"

#include <algorithm>
#include <utility>

namespace pkv::server {

WorkerWatch::Finding WorkerWatch::started(std::uint32_t epoch) {
  Finding finding;
  finding.epoch = epoch;
  if (epoch <= given_up_) {
    finding.must_restart = true;
  } else if (epoch > epoch_) {
    finding.lost = lose("another process has taken its place");
    begin(epoch);
  }
  return finding;
}

void WorkerWatch::begin(std::uint32_t epoch) noexcept {
  epoch_ = epoch;
  given_up_ = epoch - 1;
  silent_ticks_ = 0;
  idle_beats_ = 0;
  progress_ = 0;
}

WorkerWatch::Finding WorkerWatch::ready(std::uint32_t epoch) {
  Finding finding = started(epoch);
  if (epoch != epoch_ || finding.must_restart || announced_) return finding;
  announced_ = true;
  silent_ticks_ = 0;
  finding.ready = true;
  return finding;
}

WorkerWatch::Finding WorkerWatch::dead(std::uint32_t epoch, const std::string& how) {
  Finding finding;
  finding.epoch = epoch;
  if (epoch < epoch_) return finding;
  finding.lost = lose(epoch == epoch_ ? how : "another process has taken its place");
  epoch_ = epoch;
  given_up_ = epoch;
  return finding;
}

void WorkerWatch::beat(std::uint32_t epoch, std::uint64_t progress) {
  if (epoch != epoch_) return;
  silent_ticks_ = 0;
  idle_beats_ = std::exchange(progress_, progress) == progress ? idle_beats_ + 1 : 0;
}

WorkerWatch::Finding WorkerWatch::tick(bool owes_answers) {
  Finding nothing;
  nothing.epoch = epoch_;
  if (!alive()) return nothing;
  if (!announced_ || !owes_answers) idle_beats_ = 0;
  if (++silent_ticks_ >= (announced_ ? patience_.ticks : patience_.ticks_at_start))
    return give_up_newest("no sign of life for " + std::to_string(silent_ticks_) + " ticks");
  if (idle_beats_ >= patience_.idle_beats)
    return give_up_newest("it lives, but has not got on for " + std::to_string(idle_beats_) +
                          " beats, and owes answers");
  return nothing;
}

WorkerWatch::Finding WorkerWatch::give_up_newest(const std::string& why) {
  Finding finding;
  finding.epoch = epoch_;
  finding.must_restart = true;
  finding.lost = lose(why);
  given_up_ = epoch_;
  return finding;
}

void WorkerWatch::give_up(std::uint32_t epoch) {
  given_up_ = std::max(given_up_, epoch);
  if (!alive()) announced_ = false;
}

std::optional<WorkerWatch::Lost> WorkerWatch::lose(const std::string& why) {
  if (!alive() || !announced_) return std::nullopt;
  announced_ = false;
  return Lost{epoch_, why};
}

}  // namespace pkv::server
