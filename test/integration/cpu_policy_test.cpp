#include "pkv_server/cpu_policy.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <vector>

using pkv::server::CpuPolicy;
using Cpu = std::optional<std::size_t>;

namespace {

CpuPolicy::Sample sample(double used, std::vector<double> idle) {
  return {used, std::move(idle)};
}

/// A policy whose threads are on CPU 1 of 2.
CpuPolicy gathered() {
  CpuPolicy policy;
  REQUIRE(policy.next(sample(0, {1, 1}), 1) == Cpu(1));
  return policy;
}

}  // namespace

TEST_CASE("CpuPolicy: gathers threads with little to do where they are", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(0.3, {0.9, 0.8}), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: leaves busy threads where they are while another CPU has time",
          "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(1.1, {0.3, 0.3}), 0) == std::nullopt);
}

TEST_CASE("CpuPolicy: gathers busy threads when spreading them gains no time", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(1.1, {0.1, 0.05}), 0) == Cpu(0));
}

TEST_CASE("CpuPolicy: never gathers what needs more than one CPU", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(1.9, {0, 0}), 0) == std::nullopt);
}

TEST_CASE("CpuPolicy: spreads when one CPU is full and another has time", "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(sample(1, {0.9, 0.0}), 1) == std::nullopt);
}

TEST_CASE("CpuPolicy: spreads when others take the CPU", "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(sample(0.4, {0.9, 0.0}), 1) == std::nullopt);
}

TEST_CASE("CpuPolicy: stays on a full CPU when there is no other", "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(sample(1, {0.2, 0.0}), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: stays on a CPU that is enough", "[server][cpus]") {
  CpuPolicy policy = gathered();
  CHECK(policy.next(sample(0.7, {1.0, 0.3}), 1) == Cpu(1));
}

TEST_CASE("CpuPolicy: changes ever less often when its changes do not last", "[server][cpus]") {
  CpuPolicy policy;
  // Alone on one CPU they want another, and with two they want one.
  const auto provoke = [&policy](Cpu on) {
    return policy.next(on ? sample(1, {0.9, 0.0}) : sample(0.5, {0.7, 0.7}), 1);
  };
  Cpu on;
  int changes = 0;
  int longest_rest = 0;
  int rest = 0;
  for (int interval = 0; interval < 1000; ++interval) {
    const Cpu next = provoke(on);
    rest = next == on ? rest + 1 : 0;
    longest_rest = std::max(longest_rest, rest);
    changes += next != on;
    on = next;
  }
  CHECK(changes < 30);
  CHECK(longest_rest >= 63);  // and no longer than that
  CHECK(longest_rest <= 65);
}

TEST_CASE("CpuPolicy: is quick again after a change that lasted", "[server][cpus]") {
  CpuPolicy policy = gathered();
  REQUIRE(policy.next(sample(1, {0.9, 0.0}), 1) == std::nullopt);  // at once: patience from here
  for (int interval = 0; interval < 100; ++interval)
    REQUIRE(policy.next(sample(1.9, {0, 0}), 1) == std::nullopt);
  CHECK(policy.next(sample(0.1, {1, 1}), 0) == Cpu(0));
  CHECK(policy.next(sample(1, {0.0, 0.9}), 0) == std::nullopt);
}

TEST_CASE("CpuPolicy: knows nothing without CPUs", "[server][cpus]") {
  CpuPolicy policy;
  CHECK(policy.next(sample(0, {}), 0) == std::nullopt);
}
