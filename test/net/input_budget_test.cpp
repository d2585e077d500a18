#include "net/server/input_budget.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <deque>
#include <random>
#include <vector>

using namespace pkv;

namespace {

/// One who asks for input budget and notes when it was told to ask again.
struct Asker {
  InputBudget::Grant grant;
  int told = 0;

  bool obtain(InputBudget& budget, std::size_t bytes) {
    return budget.obtain(grant, bytes, [this] { ++told; });
  }
};

}  // namespace

TEST_CASE("InputBudget: what fits is granted at once and comes back", "[server][budget]") {
  InputBudget budget(100);
  Asker a, b;
  CHECK(a.obtain(budget, 60));
  CHECK(b.obtain(budget, 40));
  CHECK(a.grant.bytes == 60);
  CHECK(a.obtain(budget, 50));  // it has more already
  CHECK(a.grant.bytes == 60);
  budget.release(a.grant);
  CHECK(a.grant.bytes == 0);
  CHECK(a.obtain(budget, 60));
  CHECK(a.told == 0);
}

TEST_CASE("InputBudget: those who wait are served in the order they came", "[server][budget]") {
  InputBudget budget(100);
  Asker a, b, c;
  REQUIRE(a.obtain(budget, 100));
  CHECK_FALSE(b.obtain(budget, 90));
  CHECK_FALSE(c.obtain(budget, 10));
  budget.release(a.grant);
  CHECK(b.told == 1);
  CHECK(c.told == 0);
  CHECK_FALSE(c.obtain(budget, 10));  // it would fit, but it is not its turn
  CHECK(b.obtain(budget, 90));
  CHECK(c.told == 1);
  CHECK(c.obtain(budget, 10));
}

TEST_CASE("InputBudget: one who withdraws lets the next have its turn", "[server][budget]") {
  InputBudget budget(100);
  Asker a, b, c;
  REQUIRE(a.obtain(budget, 50));
  CHECK_FALSE(b.obtain(budget, 60));
  CHECK_FALSE(c.obtain(budget, 50));
  budget.withdraw(b.grant);
  CHECK(c.told == 1);
  CHECK(c.obtain(budget, 50));
}

TEST_CASE("InputBudget: a command larger than the total goes alone", "[server][budget]") {
  InputBudget budget(100);
  Asker a, b;
  CHECK(a.obtain(budget, 500));
  CHECK_FALSE(b.obtain(budget, 1));
  CHECK(a.obtain(budget, 900));  // it turns out longer still
  budget.release(a.grant);
  CHECK(b.told == 1);
  CHECK(b.obtain(budget, 1));
}

TEST_CASE("InputBudget: when all who hold something want more, one gets it", "[server][budget]") {
  InputBudget budget(100);
  Asker a, b, c;
  REQUIRE(a.obtain(budget, 50));
  REQUIRE(b.obtain(budget, 50));
  CHECK_FALSE(a.obtain(budget, 80));  // b may still finish
  CHECK(a.grant.bytes == 50);
  const bool b_first = b.obtain(budget, 70);
  CHECK_FALSE(b_first);
  CHECK(a.told == 1);  // now nobody would
  CHECK(a.obtain(budget, 80));
  CHECK_FALSE(c.obtain(budget, 1));
  CHECK_FALSE(b.obtain(budget, 70));  // one beyond the total is enough
  CHECK(a.obtain(budget, 95));        // and it may go on
  budget.release(a.grant);
  CHECK(b.obtain(budget, 70));
  CHECK(c.obtain(budget, 1));
}

TEST_CASE("InputBudget: everyone finishes, and the total is exceeded by one command at most",
          "[server][budget]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  constexpr std::size_t total = 1'000;
  constexpr std::size_t largest = 600;

  for (int round = 0; round < 50; ++round) {
    InputBudget budget(total);
    struct Sender {
      InputBudget::Grant grant;
      std::size_t wants = 0;
      std::size_t size = 0;
      bool ready = true;
      int commands_left = 20;
    };
    std::deque<Sender> senders(8);
    const auto unfinished = [&] {
      std::vector<Sender*> ready;
      bool any = false;
      for (Sender& sender : senders) {
        any = any || sender.commands_left > 0;
        if (sender.commands_left > 0 && sender.ready) ready.push_back(&sender);
      }
      REQUIRE((!any || !ready.empty()));  // nobody could go on
      return ready;
    };
    for (auto ready = unfinished(); !ready.empty(); ready = unfinished()) {
      Sender& sender = *ready[random() % ready.size()];
      if (sender.size == 0) {
        sender.size = 1 + random() % largest;
        sender.wants = 1 + random() % sender.size;
      }
      sender.ready = budget.obtain(sender.grant, sender.wants, [&] { sender.ready = true; });
      std::size_t granted = 0;
      for (const Sender& each : senders)
        granted += each.grant.bytes;
      REQUIRE(granted <= total + largest);
      if (!sender.ready) continue;
      if (sender.wants == sender.size) {
        budget.release(sender.grant);
        sender.size = 0;
        --sender.commands_left;
      } else {
        sender.wants += 1 + random() % (sender.size - sender.wants);
      }
    }
  }
}
