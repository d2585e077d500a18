// Nanoseconds per operation of the engine in memory
//
// What the operations of the engine in memory cost, in nanoseconds, on stores that fit into the
// caches and on ones that do not. Keys are 16 bytes, values 64, in random order.

#include "pkv/memory_engine.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t value_bytes = 64;
constexpr std::array<char, 100> value{};

/// 16 bytes: the kind and a number.
using Key = std::array<char, 16>;

std::string_view view(const Key& key) {
  return {key.data(), key.size()};
}

Key key_of(char kind, std::size_t number) {
  Key key;
  key.fill('0');
  key[0] = kind;
  for (std::size_t at = key.size() - 1; number != 0; --at, number /= 10) {
    key[at] = static_cast<char>('0' + number % 10);
  }
  return key;
}

/// Different keys for different kinds, in random order.
std::vector<Key> shuffled_keys(std::size_t count, char kind, std::uint64_t seed) {
  std::vector<Key> keys;
  for (std::size_t i = 0; i < count; ++i)
    keys.push_back(key_of(kind, i));
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(seed));
  return keys;
}

void fill(pkv::MemoryEngine& engine, std::size_t count) {
  for (const Key& key : shuffled_keys(count, 'k', 1)) {
    if (!engine.put(view(key), {value.data(), value_bytes}, 1)) std::abort();
  }
}

std::size_t entries(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void get(benchmark::State& state, char kind) {
  pkv::MemoryEngine engine;
  fill(engine, entries(state));
  const std::vector<Key> keys = shuffled_keys(entries(state), kind, 2);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(engine.find(view(keys[next])));
    if (++next == keys.size()) next = 0;
  }
}

void get_hit(benchmark::State& state) {
  get(state, 'k');
}
void get_miss(benchmark::State& state) {
  get(state, 'x');
}

/// As a worker does it with a batch: fetch what all commands need, then run them.
void get_hit_prefetched(benchmark::State& state) {
  constexpr std::size_t batch = 32;
  pkv::MemoryEngine engine;
  fill(engine, entries(state));
  const std::vector<Key> keys = shuffled_keys(entries(state), 'k', 2);
  std::size_t next = 0;
  while (state.KeepRunningBatch(batch)) {
    if (next + batch > keys.size()) next = 0;
    std::array<std::string_view, batch> views;
    for (std::size_t i = 0; i < batch; ++i)
      views[i] = view(keys[next + i]);
    engine.prefetch(views);
    for (const std::string_view key : views)
      benchmark::DoNotOptimize(engine.find(key));
    next += batch;
  }
}

void put_replace(benchmark::State& state, std::size_t second_value_bytes) {
  pkv::MemoryEngine engine;
  fill(engine, entries(state));
  const std::vector<Key> keys = shuffled_keys(entries(state), 'k', 2);
  const std::array<std::size_t, 2> sizes{second_value_bytes, value_bytes};
  std::size_t next = 0;
  std::size_t round = 0;
  for (auto _ : state) {
    (void)engine.put(view(keys[next]), {value.data(), sizes[round % 2]}, 2);
    if (++next == keys.size()) {
      next = 0;
      ++round;
    }
  }
}

void put_same_length(benchmark::State& state) {
  put_replace(state, value_bytes);
}
void put_other_length(benchmark::State& state) {
  put_replace(state, 100);
}

/// New entries on top of those there; a tenth of them, so that the size stays what it says.
void put_new(benchmark::State& state) {
  pkv::MemoryEngine engine;
  fill(engine, entries(state));
  const std::vector<Key> keys = shuffled_keys(entries(state) / 10, 'x', 2);
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(keys.size()))) {
    for (const Key& key : keys)
      (void)engine.put(view(key), {value.data(), value_bytes}, 3);
    state.PauseTiming();
    for (const Key& key : keys)
      (void)engine.erase(view(key));
    state.ResumeTiming();
  }
}

void erase(benchmark::State& state) {
  pkv::MemoryEngine engine;
  fill(engine, entries(state));
  std::vector<Key> keys = shuffled_keys(entries(state), 'k', 2);
  keys.resize(keys.size() / 10);
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(keys.size()))) {
    for (const Key& key : keys)
      (void)engine.erase(view(key));
    state.PauseTiming();
    for (const Key& key : keys)
      (void)engine.put(view(key), {value.data(), value_bytes}, 3);
    state.ResumeTiming();
  }
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(1'000)->Arg(1'000'000);
}

BENCHMARK(get_hit)->Apply(sizes);
BENCHMARK(get_hit_prefetched)->Apply(sizes);
BENCHMARK(get_miss)->Apply(sizes);
BENCHMARK(put_same_length)->Apply(sizes);
BENCHMARK(put_other_length)->Apply(sizes);
BENCHMARK(put_new)->Apply(sizes);
BENCHMARK(erase)->Apply(sizes);

}  // namespace
