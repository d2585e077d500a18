#include "torture/fault_schedule.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace pkv::torture;
using namespace std::chrono_literals;

namespace {

std::size_t count(const std::vector<Fault>& faults, FaultKind kind) {
  return static_cast<std::size_t>(std::count_if(
      faults.begin(), faults.end(), [kind](const Fault& fault) { return fault.kind == kind; }));
}

}  // namespace

TEST_CASE("A schedule has all faults, in order, within the time", "[torture]") {
  const std::vector<Fault> faults =
      make_schedule({.kills = 100, .stops = 20, .ring_changes = 10}, 600s, 1);
  CHECK(faults.size() == 130);
  CHECK(count(faults, FaultKind::kill) + count(faults, FaultKind::crash) == 100);
  CHECK(count(faults, FaultKind::crash) > 0);
  CHECK(count(faults, FaultKind::stop) == 20);
  CHECK(count(faults, FaultKind::ring_change) == 10);
  CHECK(std::is_sorted(faults.begin(), faults.end(),
                       [](const Fault& left, const Fault& right) { return left.due < right.due; }));
  CHECK(faults.front().due >= 0s);
  CHECK(faults.back().due <= 600s);
  for (const Fault& fault : faults)
    CHECK((fault.pause >= 200ms && fault.pause <= 3s));
}

TEST_CASE("A schedule follows from its seed", "[torture]") {
  const FaultCounts counts{.kills = 20, .stops = 5, .ring_changes = 5};
  const auto nodes_of = [&](std::uint64_t seed) {
    std::vector<std::uint64_t> chances;
    for (const Fault& fault : make_schedule(counts, 60s, seed))
      chances.push_back(fault.chance);
    return chances;
  };
  CHECK(nodes_of(1) == nodes_of(1));
  CHECK(nodes_of(1) != nodes_of(2));
  CHECK(make_schedule({}, 60s, 1).empty());
}
