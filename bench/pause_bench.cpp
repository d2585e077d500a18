// The longest insert while a store grows to five million entries, beside two hash maps
//
// The longest that a single insert takes while a store grows to five million entries: pkv's engine
// and two hash maps that rehash all at once. Counted is the time that the thread runs, so that what
// else the machine does meanwhile is left out; page faults are in it.

#include "pkv/memory_engine.hpp"

#include "base/latency_histogram.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <time.h>
#include <unordered_map>

namespace {

constexpr std::size_t entry_count = 5'000'000;
const std::string value(64, 'v');

std::string key_of(std::size_t number) {
  std::string digits = std::to_string(number);
  return std::string(16 - digits.size(), 'k') + digits;
}

std::chrono::nanoseconds thread_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

template <class Insert>
void measure(const char* name, Insert insert) {
  pkv::LatencyHistogram times;
  for (std::size_t i = 0; i < entry_count; ++i) {
    const std::string key = key_of(i);
    const std::chrono::nanoseconds before = thread_time();
    insert(key);
    times.record(thread_time() - before);
  }
  const auto microseconds = [](std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1'000;
  };
  std::printf("%-28s %10.2f %10.2f %10.2f %12.1f\n", name, microseconds(times.percentile(50)),
              microseconds(times.percentile(99)), microseconds(times.percentile(99.99)),
              microseconds(times.largest()));
}

}  // namespace

int main() {
  std::printf("%-28s %10s %10s %10s %12s   (microseconds)\n", "insert", "median", "99 %", "99.99 %",
              "longest");
  {
    pkv::MemoryEngine engine;
    measure("pkv::MemoryEngine", [&](const std::string& key) { (void)engine.put(key, value, 1); });
  }
  {
    std::unordered_map<std::string, std::string> map;
    measure("std::unordered_map", [&](const std::string& key) { map[key] = value; });
  }
  {
    boost::unordered_flat_map<std::string, std::string> map;
    measure("boost::unordered_flat_map", [&](const std::string& key) { map[key] = value; });
  }
}
