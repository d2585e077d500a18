#include "torture/fault_schedule.hpp"

#include <algorithm>
#include <random>

namespace pkv::torture {

std::vector<Fault> make_schedule(const FaultCounts& counts, std::chrono::duration<double> duration,
                                 std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  std::vector<Fault> faults(counts.kills + counts.stops + counts.ring_changes);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Fault& fault = faults[i];
    fault.chance = random();
    fault.pause = std::chrono::milliseconds(200 + below(2'801));
    if (i < counts.kills) {
      fault.kind = below(4) == 0 ? FaultKind::crash : FaultKind::kill;
    } else {
      fault.kind = i < counts.kills + counts.stops ? FaultKind::stop : FaultKind::ring_change;
    }
  }
  std::shuffle(faults.begin(), faults.end(), random);
  const auto count = static_cast<double>(faults.size());
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const double chance = static_cast<double>(below(1'000)) / 1'000;
    faults[i].due = duration * ((static_cast<double>(i) + 0.2 + 0.6 * chance) / count);
  }
  return faults;
}

}  // namespace pkv::torture
