#include "pkv_server/worker_watch.hpp"

#include <algorithm>

namespace pkv::server {

WorkerWatch::Finding WorkerWatch::started(std::uint32_t epoch) {
  Finding finding;
  finding.epoch = epoch;
  if (epoch <= given_up_) {
    finding.must_restart = true;
  } else if (epoch > epoch_) {
    finding.lost = lose("another process has taken its place");
    epoch_ = epoch;
    given_up_ = epoch - 1;
    silent_ticks_ = 0;
    progress_ = 0;
  }
  return finding;
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
  progress_ = progress;
}

WorkerWatch::Finding WorkerWatch::tick() {
  Finding finding;
  finding.epoch = epoch_;
  if (!alive() || ++silent_ticks_ < (announced_ ? patience_.ticks : patience_.ticks_at_start))
    return finding;
  finding.must_restart = true;
  finding.lost = lose("no sign of life for " + std::to_string(silent_ticks_) + " ticks, after " +
                      std::to_string(progress_) + " requests");
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
