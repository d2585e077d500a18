// What it takes to find the owner of a key, and to build a ring

#include "pkv/ring.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

// What a look-up costs, by number of nodes. Keys are random and many, so that neither the branch
// predictor nor the first-level cache can learn them. `chain` makes every look-up wait for the one
// before: its time is the latency, that of the others the throughput.

namespace {

using pkv::NodeId;
using pkv::Ring;

constexpr std::size_t sample_count = 1 << 16;
constexpr std::size_t sample_mask = sample_count - 1;
constexpr std::size_t key_bytes = 16;

Ring ring_of(std::int64_t node_count) {
  std::vector<pkv::RingNode> nodes;
  for (std::int64_t id = 1; id <= node_count; ++id)
    nodes.push_back({.id = NodeId{static_cast<std::uint32_t>(id)}});
  return Ring(std::move(nodes));
}

std::vector<std::uint64_t> random_positions() {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> positions(sample_count);
  for (std::uint64_t& position : positions)
    position = random();
  return positions;
}

std::vector<std::string> random_keys() {
  std::mt19937_64 random(2);
  std::vector<std::string> keys(sample_count);
  for (std::string& key : keys) {
    for (std::size_t i = 0; i < key_bytes; ++i)
      key += static_cast<char>('a' + random() % 26);
  }
  return keys;
}

void owner_of_position(benchmark::State& state) {
  const Ring ring = ring_of(state.range(0));
  const std::vector<std::uint64_t> positions = random_positions();
  std::size_t i = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(ring.owner_index(positions[i++ & sample_mask]));
}

void owner_of_position_chain(benchmark::State& state) {
  const Ring ring = ring_of(state.range(0));
  std::uint64_t position = 3;
  for (auto _ : state) {
    // Knuth's linear congruential generator, disturbed by the answer.
    position = position * 6364136223846793005 + 1442695040888963407 + ring.owner_index(position);
  }
  benchmark::DoNotOptimize(position);
}

void owner_of_key(benchmark::State& state) {
  const Ring ring = ring_of(state.range(0));
  const std::vector<std::string> keys = random_keys();
  std::size_t i = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(ring.owner(keys[i++ & sample_mask]));
}

void two_owners_of_position(benchmark::State& state) {
  const Ring ring = ring_of(state.range(0));
  const std::vector<std::uint64_t> positions = random_positions();
  std::array<std::size_t, 2> owners{};
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring.owner_indices(positions[i++ & sample_mask], owners));
    benchmark::ClobberMemory();
  }
}

void construction(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(ring_of(state.range(0)));
}

BENCHMARK(owner_of_position)->Arg(1)->Arg(8)->Arg(64);
BENCHMARK(owner_of_position_chain)->Arg(1)->Arg(8)->Arg(64);
BENCHMARK(owner_of_key)->Arg(1)->Arg(8)->Arg(64);
BENCHMARK(two_owners_of_position)->Arg(2)->Arg(8)->Arg(64);
BENCHMARK(construction)->Arg(8)->Arg(64)->Unit(benchmark::kMillisecond);

}  // namespace
