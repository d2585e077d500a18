#include "mpi/hand_off.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <thread>
#include <vector>

namespace pkv::mpi {
namespace {

TEST_CASE("HandOff: says whether nothing was waiting", "[mpi][hand_off]") {
  HandOff<int> hand_off;
  std::vector<int> given{1};
  std::vector<int> taken;
  CHECK(hand_off.empty());
  CHECK(hand_off.give(given));
  CHECK(given.empty());
  CHECK_FALSE(hand_off.empty());
  given = {2, 3};
  CHECK_FALSE(hand_off.give(given));
  hand_off.take(taken);
  CHECK(taken == std::vector{1, 2, 3});
  CHECK(hand_off.empty());
  given = {4};
  CHECK(hand_off.give(given));
}

TEST_CASE("HandOff: taking adds to what is there, in order", "[mpi][hand_off]") {
  HandOff<std::unique_ptr<int>> hand_off;
  std::vector<std::unique_ptr<int>> items;
  items.push_back(std::make_unique<int>(2));
  hand_off.give(items);
  std::vector<std::unique_ptr<int>> taken;
  taken.push_back(std::make_unique<int>(1));
  hand_off.take(taken);
  REQUIRE(taken.size() == 2);
  CHECK(*taken[0] == 1);
  CHECK(*taken[1] == 2);
}

TEST_CASE("HandOff: nothing is lost or reordered between two threads", "[mpi][hand_off]") {
  constexpr int total = 100'000;
  HandOff<int> hand_off;
  std::jthread giver([&] {
    std::vector<int> batch;
    for (int next = 0; next < total;) {
      for (int i = 0; i < 1 + next % 7 && next < total; ++i)
        batch.push_back(next++);
      hand_off.give(batch);
    }
  });
  std::vector<int> taken;
  while (taken.size() < total)
    hand_off.take(taken);
  bool in_order = true;
  for (int i = 0; i < total; ++i)
    in_order = in_order && taken[static_cast<std::size_t>(i)] == i;
  CHECK(in_order);
}

}  // namespace
}  // namespace pkv::mpi
