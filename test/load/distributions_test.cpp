#include "load/insert_sequence.hpp"
#include "load/key_chooser.hpp"
#include "load/random.hpp"
#include "load/zipf.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

using namespace pkv::bench;

namespace {

constexpr std::uint64_t seed = 20'250'101;
constexpr int draws = 200'000;

double zeta_by_summing(std::uint64_t n, double theta) {
  double sum = 0;
  for (std::uint64_t i = 1; i <= n; ++i)
    sum += std::pow(static_cast<double>(i), -theta);
  return sum;
}

/// How often each of `items` came up in `draws` draws, as parts of 1.
template <class Draw>
std::vector<double> frequencies(std::uint64_t items, Draw draw) {
  std::vector<double> counts(items);
  for (int i = 0; i < draws; ++i)
    counts.at(draw()) += 1.0 / draws;
  return counts;
}

/// Four standard deviations of a frequency: one test in 15,000 would fail with another seed.
Approx about(double probability) {
  return Approx(probability).margin(4 * std::sqrt(probability * (1 - probability) / draws));
}

}  // namespace

TEST_CASE("Zeta: the formula agrees with the sum", "[load]") {
  for (const double theta : {0.01, 0.5, 0.99, 0.9999})
    for (const std::uint64_t n : {1U, 2U, 999U, 1000U, 1001U, 50'000U}) {
      CAPTURE(theta, n);
      CHECK(zeta(n, theta) == Approx(zeta_by_summing(n, theta)).epsilon(1e-10));
    }
}

TEST_CASE("Zipf: the first ranks have exactly their share, the rest nearly", "[load]") {
  constexpr std::uint64_t items = 1000;
  CAPTURE(seed);
  for (const double theta : {0.5, 0.99}) {
    CAPTURE(theta);
    const Zipf zipf(items, theta);
    Random random(seed);
    const auto found = frequencies(items, [&] { return zipf.choose(random); });
    const double sum = zeta_by_summing(items, theta);
    CHECK(found[0] == about(1 / sum));
    CHECK(found[1] == about(std::pow(2, -theta) / sum));
    // The approximation is coarsest for rank 2; cumulated it must be right to a few per cent.
    for (const std::uint64_t upto : {10U, 100U, 500U}) {
      double cumulated = 0;
      for (std::uint64_t rank = 0; rank < upto; ++rank)
        cumulated += found[rank];
      CHECK(cumulated == Approx(zeta_by_summing(upto, theta) / sum).epsilon(0.04));
    }
  }
}

TEST_CASE("Zipf: one and two items work", "[load]") {
  Random random(seed);
  CAPTURE(seed);
  const Zipf one(1, 0.99);
  const Zipf two(2, 0.99);
  CHECK(frequencies(1, [&] { return one.choose(random); })[0] == Approx(1));
  CHECK(frequencies(2, [&] { return two.choose(random); })[1] ==
        about(std::pow(2, -0.99) / (1 + std::pow(2, -0.99))));
}

TEST_CASE("Zipf: grown is the same as made so large", "[load]") {
  Zipf grown(10, 0.99);
  grown.grow_to(5000);
  grown.grow_to(4000);  // never shrinks
  const Zipf made(5000, 0.99);
  REQUIRE(grown.items() == 5000);
  Random first(seed);
  Random second(seed);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(grown.choose(first) == made.choose(second));
}

TEST_CASE("Scattered zipf: each key has one rank", "[load]") {
  for (const std::uint64_t records : {1U, 2U, 3U, 10U, 1000U, 4096U, 9973U}) {
    CAPTURE(records);
    const ScatteredZipfKeys keys(records, 0.99);
    std::set<std::uint64_t> seen;
    for (std::uint64_t rank = 0; rank < records; ++rank)
      seen.insert(keys.key_of(rank));
    CHECK(seen.size() == records);
    CHECK(*seen.rbegin() == records - 1);
  }
}

TEST_CASE("Scattered zipf: does not overflow with the most records", "[load]") {
  const ScatteredZipfKeys keys(most_records, 0.99);
  std::set<std::uint64_t> seen;
  for (std::uint64_t rank = most_records - 1000; rank < most_records; ++rank)
    seen.insert(keys.key_of(rank));
  CHECK(seen.size() == 1000);
  CHECK(*seen.rbegin() < most_records);
}

TEST_CASE("Uniform: every key is equally likely", "[load]") {
  constexpr std::uint64_t records = 50;
  KeyChooser chooser(Distribution::uniform, records, 0.99);
  const InsertSequence inserts(records, 0, 1);
  Random random(seed);
  CAPTURE(seed);
  for (const double found : frequencies(records, [&] { return chooser.choose(random, inserts); }))
    CHECK(found == about(1.0 / records));
}

TEST_CASE("Latest: what was inserted last is the most popular", "[load]") {
  constexpr std::uint64_t records = 100;
  KeyChooser chooser(Distribution::latest, records, 0.99);
  InsertSequence inserts(records, 0, 1);
  Random random(seed);
  CAPTURE(seed);

  const auto choose = [&] { return chooser.choose(random, inserts); };
  CHECK(frequencies(records, choose)[99] == about(1 / zeta(100, 0.99)));

  for (int i = 0; i < 10; ++i)
    inserts.finished(inserts.next(), true);
  const auto found = frequencies(records + 10, choose);  // throws if a key beyond comes up
  CHECK(found[109] == about(1 / zeta(110, 0.99)));
  CHECK(found[108] == about(std::pow(2, -0.99) / zeta(110, 0.99)));
}

TEST_CASE("Latest: a key whose insert is under way is not chosen", "[load]") {
  KeyChooser chooser(Distribution::latest, 2, 0.99);
  InsertSequence inserts(2, 0, 1);
  const std::uint64_t first = inserts.next();
  const std::uint64_t second = inserts.next();
  inserts.finished(second, true);  // but not the one before it
  Random random(seed);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(chooser.choose(random, inserts) < 2);
  inserts.finished(first, true);
  CHECK(inserts.readable() == 2);
}

TEST_CASE("Inserts: threads have keys of their own, and none is left out", "[load]") {
  std::set<std::uint64_t> seen;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    InsertSequence inserts(100, thread, 3);
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t key = inserts.next();
      CHECK(seen.insert(key).second);
      inserts.finished(key, true);
      CHECK(inserts.key_at(inserts.readable() - 1) == key);
    }
  }
  CHECK(*seen.begin() == 100);
  CHECK(*seen.rbegin() == 159);
}

TEST_CASE("Inserts: one that failed comes again, and holds back those behind it", "[load]") {
  InsertSequence inserts(0, 0, 1);
  REQUIRE(inserts.next() == 0);
  REQUIRE(inserts.next() == 1);
  inserts.finished(0, false);
  inserts.finished(1, true);
  CHECK(inserts.readable() == 0);
  REQUIRE(inserts.next() == 0);
  CHECK(inserts.next() == 2);
  inserts.finished(0, true);
  CHECK(inserts.readable() == 2);
}

TEST_CASE("Random: streams of a seed differ", "[load]") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t stream = 0; stream < 100; ++stream) {
    Random random(seed, stream);
    for (int i = 0; i < 10; ++i)
      seen.insert(random.next());
  }
  CHECK(seen.size() == 1000);
}
