#include "pkv_server/cpu_sharing.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sched.h>
#include <string>
#include <system_error>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

constexpr auto interval = 100ms;
constexpr auto idle_interval = 1s;
constexpr double idle_use = 0.01;  // CPUs

/// The CPUs that a thread may run on; empty if that cannot be found out. 0 is the calling thread.
std::vector<int> allowed_cpus(pid_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(thread, sizeof set, &set) != 0) return {};
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  return cpus;
}

void allow(pid_t thread, const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus)
    CPU_SET(static_cast<std::size_t>(cpu), &set);
  sched_setaffinity(thread, sizeof set, &set);
}

/// Unless somebody has chosen another policy for it, a lower one say.
void let_others_finish(pid_t thread) {
  const sched_param none{};
  if (sched_getscheduler(thread) == SCHED_OTHER) sched_setscheduler(thread, SCHED_BATCH, &none);
}

/// Whether this process id means one of our processes here: under the same host name there may be
/// containers with process ids of their own.
bool runs_our_program(pid_t process) {
  std::error_code unknown;
  return std::filesystem::equivalent("/proc/self/exe", "/proc/" + std::to_string(process) + "/exe",
                                     unknown);
}

}  // namespace

void CpuSharing::start(const std::vector<mpi::Process>& processes) {
  if (gathered_on_) apply(std::nullopt);
  gathered_on_.reset();
  policy_ = {};
  threads_.clear();
  for (const mpi::Process& process : processes) {
    const auto id = static_cast<pid_t>(process.process_id);
    if (process.host == processes.front().host && runs_our_program(id)) threads_.push_back(id);
  }
  cpus_ = allowed_cpus(0);
  const bool enough_cpus = cpus_.size() > threads_.size();  // and one for the I/O thread
  const bool bound = std::any_of(threads_.begin(), threads_.end(),
                                 [this](pid_t thread) { return allowed_cpus(thread) != cpus_; });
  if (enough_cpus || bound) return;
  for (const pid_t thread : threads_)
    let_others_finish(thread);
  if (cpus_.size() < 2) return;
  clocks_.emplace(threads_, cpus_);
  watch();
}

void CpuSharing::watch() {
  timer_.expires_after(busy_ ? interval : idle_interval);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) look();
  });
}

void CpuSharing::look() {
  const CpuPolicy::Sample sample = clocks_->sample(work_done_());
  busy_ = sample.used_by_us > idle_use;
  const auto here = std::find(cpus_.begin(), cpus_.end(), sched_getcpu());
  if (here != cpus_.end()) {
    const auto gathered_on = policy_.next(sample, static_cast<std::size_t>(here - cpus_.begin()));
    if (gathered_on != gathered_on_) {
      apply(gathered_on);
      gathered_on_ = gathered_on;
    }
  }
  watch();
}

void CpuSharing::apply(std::optional<std::size_t> gathered_on) const {
  const std::vector<int> cpus = gathered_on ? std::vector<int>{cpus_[*gathered_on]} : cpus_;
  allow(0, cpus);
  for (const pid_t thread : threads_)
    allow(thread, cpus);
  if (log_)
    log_(LogLevel::debug, gathered_on ? "gathered on CPU " + std::to_string(cpus.front())
                                      : "spread over " + std::to_string(cpus.size()) + " CPUs");
}

}  // namespace pkv::server
