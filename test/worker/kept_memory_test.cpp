#include "worker/kept_memory.hpp"

#include <catch2/catch.hpp>

using pkv::KeptMemory;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

using Kept = std::optional<std::size_t>;

}  // namespace

TEST_CASE("KeptMemory: little is kept for few entries, and for none", "[worker][memory]") {
  KeptMemory kept;
  for (const std::size_t stored : {std::size_t{0}, std::size_t{1}, 15 * mib, 16 * mib, 64 * mib})
    CHECK(kept.follow(stored) == Kept());
}

TEST_CASE("KeptMemory: follows the entries up, to a limit", "[worker][memory]") {
  KeptMemory kept;
  CHECK(kept.follow(64 * mib + 1) == Kept(128 * mib));
  CHECK(kept.follow(128 * mib) == Kept());
  CHECK(kept.follow(300 * mib) == Kept(512 * mib));
  CHECK(kept.follow(5'000 * mib) == Kept(1'024 * mib));
  CHECK(kept.follow(50'000 * mib) == Kept());
}

TEST_CASE("KeptMemory: a file that replaces another one changes nothing", "[worker][memory]") {
  KeptMemory kept;
  REQUIRE(kept.follow(1'000 * mib) == Kept(1'024 * mib));  // both
  CHECK(kept.follow(500 * mib) == Kept());                 // the second
  CHECK(kept.follow(256 * mib) == Kept());
  CHECK(kept.follow(255 * mib) == Kept(256 * mib));
  CHECK(kept.follow(0) == Kept(64 * mib));
  CHECK(kept.follow(0) == Kept());
}
