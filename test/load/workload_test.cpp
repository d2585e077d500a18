#include "load/workload.hpp"

#include "load/presets.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace pkv::bench;

namespace {

constexpr int draws = 100'000;

MixSettings settings_of(const Preset& preset) {
  return {.shares = preset.shares, .distribution = preset.distribution, .records = 1000, .seed = 7};
}

}  // namespace

TEST_CASE("Workload: kinds come up in proportion to their shares", "[load]") {
  for (const Preset& preset : presets) {
    CAPTURE(std::string(preset.name));
    MixedWorkload workload(settings_of(preset), 0, 1);
    PerKind<double> found{};
    for (int i = 0; i < draws; ++i) {
      const Operation operation = workload.next();
      found[index_of(operation.kind)] += 100.0 / draws;
      if (operation.kind != Kind::insert && operation.kind != Kind::scan)
        REQUIRE(operation.key < 1000 + draws);
      workload.finished(operation, true);
    }
    for (const Kind kind : kinds) {
      CAPTURE(std::string(name_of(kind)));
      const double share = preset.shares[index_of(kind)];
      CHECK(found[index_of(kind)] == Approx(share).margin(share == 0 ? 0 : 0.7));
    }
  }
}

TEST_CASE("Workload: a seed gives the same operations again, threads get different ones",
          "[load]") {
  const MixSettings settings = settings_of(*preset_named("a"));
  MixedWorkload first(settings, 0, 2);
  MixedWorkload again(settings, 0, 2);
  MixedWorkload other(settings, 1, 2);
  int same_as_other = 0;
  for (int i = 0; i < 1000; ++i) {
    const Operation operation = first.next();
    REQUIRE(again.next() == operation);
    same_as_other += other.next() == operation ? 1 : 0;
  }
  CHECK(same_as_other < 100);
}

TEST_CASE("Workload: scans ask for 1 to 100 entries", "[load]") {
  MixedWorkload workload(settings_of(*preset_named("e")), 0, 1);
  std::set<unsigned> counts;
  for (int i = 0; i < draws; ++i)
    if (const Operation operation = workload.next(); operation.kind == Kind::scan)
      counts.insert(operation.scan_count);
  CHECK(*counts.begin() == 1);
  CHECK(*counts.rbegin() == 100);
}

TEST_CASE("Loading: every key of the range once, in order", "[load]") {
  LoadWorkload workload(40);
  for (std::uint64_t key = 40; key < 50; ++key)
    CHECK(workload.next() == Operation{.kind = Kind::insert, .key = key});
}
