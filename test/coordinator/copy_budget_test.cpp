#include "coordinator/copy_budget.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

using namespace pkv;
using namespace std::chrono_literals;

namespace {

constexpr auto start = CopyBudget::Clock::time_point(1h);

}  // namespace

TEST_CASE("CopyBudget: so many pages are under way at once and no more", "[coordinator][copying]") {
  CopyBudget budget({0, 2});
  auto first = budget.try_start(0, start);
  auto second = budget.try_start(1, start);
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(budget.try_start(2, start));
  CHECK(budget.pages_under_way() == 2);
  first.reset();
  CHECK(budget.pages_under_way() == 1);
  CHECK(budget.try_start(2, start));  // and given back at once
  CHECK(budget.pages_under_way() == 1);
}

TEST_CASE("CopyBudget: a worker serves one page at a time", "[coordinator][copying]") {
  CopyBudget budget({0, 4});
  auto page = budget.try_start(7, start);
  REQUIRE(page);
  CHECK_FALSE(budget.try_start(7, start));
  CHECK(budget.try_start(8, start));
  page.reset();
  CHECK(budget.try_start(7, start));
}

TEST_CASE("CopyBudget: a permission is given back once, wherever it is moved",
          "[coordinator][copying]") {
  CopyBudget budget({0, 4});
  std::optional<CopyBudget::Page> kept;
  {
    auto page = budget.try_start(0, start);
    kept = std::move(page);
  }
  CHECK(budget.pages_under_way() == 1);
  kept = budget.try_start(1, start);
  CHECK(budget.pages_under_way() == 1);
  CHECK(budget.try_start(0, start));
  kept.reset();
  CHECK(budget.pages_under_way() == 0);
}

TEST_CASE("CopyBudget: while clients are busy pages start a while apart",
          "[coordinator][copying]") {
  CopyBudget budget({.most_pages = 4, .page_interval = 5ms});
  budget.give_way(true);
  CHECK(budget.try_start(0, start));
  CHECK_FALSE(budget.try_start(1, start + 4ms));
  CHECK(budget.try_start(1, start + 5ms));
  CHECK_FALSE(budget.try_start(2, start + 6ms));
  budget.give_way(false);
  CHECK(budget.try_start(2, start + 6ms));
}

TEST_CASE("CopyBudget: without a limit any number of bytes may go", "[coordinator][copying]") {
  CopyBudget budget({});
  for (int i = 0; i < 1'000; ++i) {
    auto page = budget.try_start(0, start);
    REQUIRE(page);
    page->charge(std::uint64_t{1} << 40, start);
  }
}

TEST_CASE("CopyBudget: the rate holds on average, whatever the size of a page",
          "[coordinator][copying]") {
  for (const std::uint64_t page_bytes : {1'000ULL, 100'000ULL, 30'000'000ULL}) {
    CAPTURE(page_bytes);
    CopyBudget budget({10'000'000, 4});
    std::uint64_t copied = 0;
    for (auto now = start; now < start + 60s; now += 1ms) {
      while (auto page = budget.try_start(0, now)) {
        page->charge(page_bytes, now);
        copied += page_bytes;
      }
    }
    // What was saved at first, and one page too many, may come on top.
    CHECK(copied >= 599'900'000 - page_bytes);
    CHECK(copied <= 600'000'000 + 200'000 + page_bytes);
  }
}

TEST_CASE("CopyBudget: a time without copying is not made up for", "[coordinator][copying]") {
  CopyBudget budget({1'000'000, 4});
  const auto copy = [&](CopyBudget::Clock::time_point now) {
    std::uint64_t copied = 0;
    while (auto page = budget.try_start(0, now)) {
      page->charge(1'000, now);
      copied += 1'000;
    }
    return copied;
  };
  (void)copy(start);
  CHECK(copy(start + 1h) <= 21'000);  // 20 ms of the rate, and a page
}
