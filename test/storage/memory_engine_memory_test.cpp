#include "pkv/memory_engine.hpp"

#include "base/resident_memory.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

// What the process really holds, by the kernel's count. The sanitizers add memory of their own, so
// only the engine's own count is checked with them.

namespace pkv {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool resident_is_ours = false;
#else
constexpr bool resident_is_ours = true;
#endif

constexpr unsigned entry_count = resident_is_ours ? 300'000 : 50'000;

std::string key_of(unsigned number) {
  std::string key = std::to_string(number);
  key.insert(0, 16 - key.size(), 'k');
  return key;
}

class Measured {
 public:
  void fill(std::size_t value_bytes) {
    const std::string value(value_bytes, 'v');
    for (unsigned i = 0; i < entry_count; ++i)
      REQUIRE(engine.put(key_of(i), value, i));
  }

  /// Bytes per entry of a full store, by the engine's count and by the kernel's.
  void check(double least, double most) const {
    const auto counted = static_cast<double>(engine.bytes()) / entry_count;
    CHECK(counted > least);
    CHECK(counted < most);
    if (!resident_is_ours) return;
    const std::uint64_t now = resident_bytes();
    const double resident =
        static_cast<double>(now - (now > before_ ? before_ : now)) / entry_count;
    CHECK(resident > least * 0.9);
    CHECK(resident < most * 1.05);
  }

  MemoryEngine engine;

 private:
  std::uint64_t before_ = resident_bytes();
};

TEST_CASE("MemoryEngine: 16-byte keys with 64-byte values take under 115 bytes each", "[storage]") {
  Measured store;
  store.fill(64);
  store.check(96, 115);
}

TEST_CASE("MemoryEngine: values of other sizes leave no memory behind", "[storage]") {
  Measured store;
  store.fill(200);
  store.fill(10);
  store.fill(64);
  store.check(96, 117);  // buckets of chains that have become shorter stay in reserve
}

TEST_CASE("MemoryEngine: memory goes back as entries go, in any order", "[storage]") {
  Measured store;
  store.fill(64);
  std::mt19937 random(4711);
  unsigned left = entry_count;
  for (unsigned i = 0; i < entry_count; ++i) {
    if (random() % 10 == 0) continue;
    REQUIRE(store.engine.erase(key_of(i)).value());
    --left;
  }
  CHECK(store.engine.count() == left);
  // A tenth of the entries: 9.6 bytes per former one, and the index at its sparsest.
  store.check(9, 16);
}

TEST_CASE("MemoryEngine: clear gives the memory back", "[storage]") {
  Measured store;
  store.fill(64);
  REQUIRE(store.engine.clear());
  store.check(-1, 2);
}

}  // namespace
}  // namespace pkv
