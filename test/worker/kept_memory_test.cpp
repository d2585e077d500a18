#include "worker/kept_memory.hpp"

#include <catch2/catch.hpp>

using pkv::KeptMemory;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

using Kept = std::optional<std::size_t>;

}  // namespace

TEST_CASE("KeptMemory: little is kept for few entries, and for none", "[worker][memory]") {
  KeptMemory kept;
  for (const std::size_t stored : {std::size_t{0}, std::size_t{1}, 15 * mib, 16 * mib, 64 * mib}) {
    CHECK(kept.follow(stored, 0) == Kept());
    CHECK(kept.follow(stored, 100'000) == Kept());
    CHECK(kept.settle(stored) == Kept());
  }
}

TEST_CASE("KeptMemory: follows the entries up, to a limit", "[worker][memory]") {
  KeptMemory kept;
  CHECK(kept.follow(64 * mib + 1, 0) == Kept(128 * mib));
  CHECK(kept.follow(128 * mib, 0) == Kept());
  CHECK(kept.follow(300 * mib, 0) == Kept(512 * mib));
  CHECK(kept.follow(5'000 * mib, 0) == Kept(1'024 * mib));
  CHECK(kept.follow(50'000 * mib, 0) == Kept());
}

TEST_CASE("KeptMemory: follows the entries down when they have been few for a while",
          "[worker][memory]") {
  KeptMemory kept;
  REQUIRE(kept.follow(1'000 * mib, 0) == Kept(1'024 * mib));
  CHECK(kept.follow(256 * mib, 100'000) == Kept());  // not few
  CHECK(kept.follow(255 * mib, 200'000) == Kept());
  CHECK(kept.follow(0, 209'999) == Kept());
  SECTION("they come back in time") {
    CHECK(kept.follow(256 * mib, 209'999) == Kept());
    CHECK(kept.follow(0, 210'000) == Kept());
    CHECK(kept.follow(0, 219'999) == Kept());
    CHECK(kept.follow(0, 220'000) == Kept(64 * mib));
    CHECK(kept.follow(0, 300'000) == Kept());
  }
  SECTION("there is nothing to do any more") {
    CHECK(kept.settle(200 * mib) == Kept(256 * mib));
    CHECK(kept.settle(200 * mib) == Kept());
    CHECK(kept.settle(0) == Kept(64 * mib));
  }
  SECTION("they are more again") {
    CHECK(kept.follow(2'000 * mib, 209'999) == Kept());
    CHECK(kept.follow(100 * mib, 210'000) == Kept());
    CHECK(kept.follow(100 * mib, 220'000) == Kept(128 * mib));
  }
}
