#include "base/latency_histogram.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using pkv::LatencyHistogram;
using Duration = LatencyHistogram::Duration;

namespace {

/// The exact answer that a percentile approximates: the value at rank ceil(percent% of count).
Duration exact_percentile(const std::vector<Duration>& sorted, double percent) {
  const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace

TEST_CASE("LatencyHistogram: an empty one answers zero", "[latency_histogram]") {
  const LatencyHistogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.total() == 0ns);
  CHECK(histogram.mean() == 0ns);
  CHECK(histogram.largest() == 0ns);
  CHECK(histogram.percentile(0) == 0ns);
  CHECK(histogram.percentile(50) == 0ns);
  CHECK(histogram.percentile(100) == 0ns);
}

TEST_CASE("LatencyHistogram: small values are exact", "[latency_histogram]") {
  LatencyHistogram histogram;
  for (std::int64_t value = 0; value < 64; ++value)
    histogram.record(Duration(value));
  CHECK(histogram.percentile(0) == 0ns);
  CHECK(histogram.percentile(25) == 15ns);
  CHECK(histogram.percentile(50) == 31ns);
  CHECK(histogram.percentile(100) == 63ns);
  CHECK(histogram.mean() == 31ns);
}

TEST_CASE("LatencyHistogram: one value of any size is known to 1/32", "[latency_histogram]") {
  for (unsigned bits = 0; bits < 40; ++bits) {
    const std::int64_t power = std::int64_t{1} << bits;
    for (const std::int64_t value : {power - 1, power, power + power / 3, 2 * power - 1}) {
      LatencyHistogram histogram;
      histogram.record(Duration(value));
      // A larger value keeps `largest` from making the answer exact.
      histogram.record(Duration(std::int64_t{1} << 41));
      const std::int64_t answer = histogram.percentile(50).count();
      CAPTURE(bits, value, answer);
      CHECK(answer >= value);
      CHECK(answer - value <= value / 32);
    }
  }
}

TEST_CASE("LatencyHistogram: percentiles of random values are at most 1/32 too large",
          "[latency_histogram]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> durations(11, 2);  // around 60 microseconds, a long tail

  LatencyHistogram histogram;
  std::vector<Duration> all;
  for (int i = 0; i < 20'000; ++i) {
    all.emplace_back(static_cast<std::int64_t>(durations(random)));
    histogram.record(all.back());
  }
  std::sort(all.begin(), all.end());

  for (const double percent : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const Duration exact = exact_percentile(all, percent);
    const Duration answer = histogram.percentile(percent);
    CAPTURE(percent, exact.count(), answer.count());
    CHECK(answer >= exact);
    CHECK(answer - exact <= exact / 32);
  }
  CHECK(histogram.largest() == all.back());
  CHECK(histogram.percentile(100) == all.back());
}

TEST_CASE("LatencyHistogram: percentiles outside 0 to 100 count as the nearest",
          "[latency_histogram]") {
  LatencyHistogram histogram;
  histogram.record(1ns);
  histogram.record(2ns);
  CHECK(histogram.percentile(-5) == 1ns);
  CHECK(histogram.percentile(1000) == 2ns);
}

TEST_CASE("LatencyHistogram: negative durations count as zero", "[latency_histogram]") {
  LatencyHistogram histogram;
  histogram.record(-1s);
  CHECK(histogram.count() == 1);
  CHECK(histogram.total() == 0ns);
  CHECK(histogram.percentile(100) == 0ns);
}

TEST_CASE("LatencyHistogram: what is beyond its range counts as the longest",
          "[latency_histogram]") {
  LatencyHistogram histogram;
  histogram.record(24h);
  histogram.record(Duration::max());
  CHECK(histogram.count() == 2);
  CHECK(histogram.largest() == Duration::max());
  CHECK(histogram.percentile(50) == Duration((std::int64_t{1} << 40) - 1));
}

TEST_CASE("LatencyHistogram: recording many times at once is recording many times",
          "[latency_histogram]") {
  LatencyHistogram histogram;
  histogram.record(10ns, 99);
  histogram.record(20ns, 1);
  histogram.record(30ns, 0);
  CHECK(histogram.count() == 100);
  CHECK(histogram.total() == 1'010ns);
  CHECK(histogram.mean() == 10ns);
  CHECK(histogram.percentile(99) == 10ns);
  CHECK(histogram.percentile(99.5) == 20ns);
}

TEST_CASE("LatencyHistogram: merging is recording all into one", "[latency_histogram]") {
  LatencyHistogram left;
  LatencyHistogram right;
  LatencyHistogram both;
  for (int i = 1; i <= 1'000; ++i) {
    const Duration value = i * 977ns;
    (i % 3 == 0 ? left : right).record(value);
    both.record(value);
  }
  left.merge(right);
  left.merge(LatencyHistogram());
  CHECK(left.count() == both.count());
  CHECK(left.total() == both.total());
  CHECK(left.largest() == both.largest());
  for (double percent = 0; percent <= 100; percent += 0.5) {
    CAPTURE(percent);
    CHECK(left.percentile(percent) == both.percentile(percent));
  }
}

TEST_CASE("LatencyHistogram: after a reset it is as new", "[latency_histogram]") {
  LatencyHistogram histogram;
  histogram.record(5s);
  histogram.reset();
  CHECK(histogram.count() == 0);
  CHECK(histogram.largest() == 0ns);
  histogram.record(1ns);
  CHECK(histogram.percentile(100) == 1ns);
}
