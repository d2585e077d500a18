#include "pkv_server/cpu_policy.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <vector>

using pkv::server::CpuPolicy;
using Cpu = std::optional<std::size_t>;

namespace {

CpuPolicy::Sample sample(double used, std::vector<double> idle, double rate = 1000) {
  return {used, std::move(idle), rate};
}

const CpuPolicy::Sample one_is_too_little{1, {0.9, 0.0}, 1000};
const CpuPolicy::Sample waking_costs_much{1.1, {0.1, 0.05}, 1000};

/// A policy whose threads are on CPU 1 of 2.
CpuPolicy gathered() {
  CpuPolicy policy;
  REQUIRE(policy.next(sample(0, {1, 1}), 1) == Cpu(1));
  return policy;
}

/// How many intervals pass until the policy's answer changes, at most 1000.
int intervals_until_change(CpuPolicy& policy, const CpuPolicy::Sample& what, Cpu now) {
  int intervals = 1;
  while (policy.next(what, 1) == now && intervals < 1000)
    ++intervals;
  return intervals;
}

}  // namespace

TEST_CASE("CpuPolicy: gathers threads with little to do where they are", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(0.3, {0.9, 0.8}), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: leaves busy threads where they are while another CPU has time",
          "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(1.1, {0.4, 0.4}), 0) == std::nullopt);
}

TEST_CASE("CpuPolicy: tries to gather busy threads when the CPUs are full", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(waking_costs_much, 0) == Cpu(0));
}

TEST_CASE("CpuPolicy: never gathers what needs more than one CPU", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(1.9, {0, 0}), 0) == std::nullopt);
}

TEST_CASE("CpuPolicy: tries to spread when one CPU is full and another has time",
          "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(one_is_too_little, 1) == std::nullopt);
}

TEST_CASE("CpuPolicy: stays on a full CPU when there is no other", "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(sample(1, {0.2, 0.0}), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: stays on a CPU that is enough", "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(sample(0.7, {1.0, 0.3}), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: keeps what did more", "[server][cpus]") {
  CpuPolicy policy = gathered();
  REQUIRE(policy.next(one_is_too_little, 1) == std::nullopt);
  const CpuPolicy::Sample more = sample(1.6, {0.2, 0.2}, 1060);
  CHECK(intervals_until_change(policy, more, std::nullopt) == 1000);
}

TEST_CASE("CpuPolicy: judges after the change has settled", "[server][cpus]") {
  CpuPolicy policy = gathered();
  REQUIRE(policy.next(one_is_too_little, 1) == std::nullopt);
  CHECK(policy.next(sample(1.6, {0.2, 0.2}, 0), 1) == std::nullopt);
  CHECK(policy.next(sample(1.6, {0.2, 0.2}, 2000), 1) == std::nullopt);
}

TEST_CASE("CpuPolicy: takes back what did not do more", "[server][cpus]") {
  CpuPolicy policy = gathered();
  REQUIRE(policy.next(one_is_too_little, 1) == std::nullopt);
  CHECK(policy.next(sample(1.6, {0.2, 0.2}, 1040), 1) == std::nullopt);
  CHECK(policy.next(sample(1.6, {0.2, 0.2}, 1040), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: tries ever less often what fails", "[server][cpus]") {
  CpuPolicy policy = gathered();
  std::vector<int> pauses;
  for (int trial = 0; trial < 10; ++trial) {
    pauses.push_back(intervals_until_change(policy, one_is_too_little, Cpu(1)));
    REQUIRE(intervals_until_change(policy, sample(1.6, {0.2, 0.2}), std::nullopt) == 2);
  }
  CHECK(pauses == std::vector<int>{1, 5, 9, 17, 33, 65, 65, 65, 65, 65});
}

TEST_CASE("CpuPolicy: tries again soon after a success", "[server][cpus]") {
  CpuPolicy policy = gathered();
  for (int trial = 0; trial < 5; ++trial) {
    intervals_until_change(policy, one_is_too_little, Cpu(1));
    intervals_until_change(policy, sample(1.6, {0.2, 0.2}), std::nullopt);
  }
  intervals_until_change(policy, one_is_too_little, Cpu(1));
  for (int interval = 0; interval < 2; ++interval)
    REQUIRE(policy.next(sample(1.6, {0.2, 0.2}, 2000), 1) == std::nullopt);
  // Not at once: the opposite has just been found to do less.
  CHECK(intervals_until_change(policy, waking_costs_much, std::nullopt) == 17);
}

TEST_CASE("CpuPolicy: gathers threads that have become idle, whatever it was trying",
          "[server][cpus]") {
  CpuPolicy policy = gathered();
  REQUIRE(policy.next(one_is_too_little, 1) == std::nullopt);
  CHECK(policy.next(sample(0.1, {1, 1}, 0), 0) == Cpu(0));
  CHECK(policy.next(sample(0.1, {1, 1}, 0), 0) == Cpu(0));
}

TEST_CASE("CpuPolicy: knows nothing without CPUs", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(0, {}), 0) == std::nullopt);
}
