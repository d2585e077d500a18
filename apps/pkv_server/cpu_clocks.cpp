#include "pkv_server/cpu_clocks.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace pkv::server {
namespace {

using std::chrono::nanoseconds;

nanoseconds processor_time(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

/// Idle time of each CPU since the system's start, by its number (proc(5), /proc/stat).
std::vector<nanoseconds> idle_times() {
  const nanoseconds tick = std::chrono::nanoseconds(std::chrono::seconds(1)) / sysconf(_SC_CLK_TCK);
  std::vector<nanoseconds> times;
  std::ifstream file("/proc/stat");
  file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');  // the sum over all CPUs
  for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
    std::istringstream fields(line.substr(3));
    std::size_t cpu = 0;
    std::int64_t user = 0;
    std::int64_t nice = 0;
    std::int64_t system = 0;
    std::int64_t idle = 0;
    std::int64_t waiting = 0;
    if (!(fields >> cpu >> user >> nice >> system >> idle >> waiting)) break;
    if (times.size() <= cpu) times.resize(cpu + 1);
    times[cpu] = (idle + waiting) * tick;
  }
  return times;
}

}  // namespace

CpuClocks::CpuClocks(std::vector<pid_t> processes, std::vector<int> cpus)
    : processes_(std::move(processes)), cpus_(std::move(cpus)), last_(read()) {}

CpuClocks::Reading CpuClocks::read() const {
  Reading reading;
  reading.at = std::chrono::steady_clock::now();
  for (const pid_t process : processes_)
    reading.used += processor_time(process);
  const std::vector<nanoseconds> idle = idle_times();
  for (const int cpu : cpus_) {
    const auto at = static_cast<std::size_t>(cpu);
    reading.idle.push_back(at < idle.size() ? idle[at] : nanoseconds{});
  }
  return reading;
}

CpuPolicy::Sample CpuClocks::sample(std::uint64_t work_done) {
  Reading now = read();
  const std::chrono::duration<double> interval = now.at - last_.at;
  CpuPolicy::Sample sample;
  sample.used_by_us = std::max(0.0, (now.used - last_.used) / interval);
  for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu)
    sample.idle.push_back(std::clamp((now.idle[cpu] - last_.idle[cpu]) / interval, 0.0, 1.0));
  sample.work_rate =
      static_cast<double>(work_done - std::exchange(work_done_, work_done)) / interval.count();
  last_ = std::move(now);
  return sample;
}

}  // namespace pkv::server
