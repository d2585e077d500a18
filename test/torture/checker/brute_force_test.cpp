#include "torture/checker/linearizability.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

// Small random histories, mostly impossible ones, judged by trying all orders.
namespace {

using namespace pkv::torture;

bool must_come_before(const History& history, std::size_t first, std::size_t second) {
  const Operation& left = history[first];
  const Operation& right = history[second];
  if (left.outcome != Outcome::ok) return false;
  if (left.answered < right.invoked) return true;
  return left.client == right.client && right.outcome == Outcome::ok && first < second;
}

bool is_next(const History& history, const std::vector<bool>& done, std::size_t candidate) {
  for (std::size_t other = 0; other < history.size(); ++other)
    if (!done[other] && other != candidate && must_come_before(history, other, candidate))
      return false;
  return true;
}

/// Whether there is an order, by trying all.
bool can_go_on(const History& history, std::vector<bool>& done, const Value& value) {
  bool is_complete = true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (done[i]) continue;
    is_complete &= history[i].outcome != Outcome::ok;
    if (!is_next(history, done, i)) continue;
    const std::optional<Value> after = apply(history[i], value);
    if (!after) continue;
    done[i] = true;
    const bool is_possible = can_go_on(history, done, *after);
    done[i] = false;
    if (is_possible) return true;
  }
  return is_complete;
}

class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed) : random_(seed) {}

  History make() {
    History history;
    const int operations = below(7) + 2;
    const int duration = below(8) + 3;
    const int clients = below(4) + 1;
    has_appends_ = below(3) == 0;
    std::vector<Clock::time_point> last(4);  // a client sends in order
    for (int i = 0; i < operations; ++i) {
      Operation made = any();
      made.client = static_cast<std::uint32_t>(below(clients));
      made.invoked = std::max(last[made.client], at(below(duration)));
      last[made.client] = made.invoked;
      made.answered = made.invoked + std::chrono::milliseconds(below(duration) + 1);
      if (below(8) == 0) made.outcome = Outcome::unknown;
      history.push_back(made);
    }
    return history;
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  static Clock::time_point at(int milliseconds) {
    return Clock::time_point(std::chrono::milliseconds(milliseconds));
  }

  // Few values, so that several puts may explain one read.
  Value any_value() {
    if (below(5) == 0) return {};
    return piece(static_cast<std::uint64_t>(below(3)), 1);
  }

  Operation any() {
    constexpr Action actions[] = {Action::read,  Action::read,   Action::read,     Action::put,
                                  Action::put,   Action::put,    Action::put,      Action::create,
                                  Action::erase, Action::append, Action::increment};
    Operation made;
    made.action = actions[below(has_appends_ ? 11 : 9)];
    made.argument = piece(static_cast<std::uint64_t>(below(3)), 1);
    made.result = any_value();
    if (made.action == Action::append) {
      made.argument.content = static_cast<std::uint64_t>(below(3));
      made.result.length = static_cast<std::uint64_t>(below(3) + 1);
      if (below(2) == 0) made.outcome = Outcome::unknown;
    }
    if (made.action == Action::increment) {
      made.argument = number(1);
      if (below(2) == 0) made.outcome = Outcome::unknown;
      made.result = number(below(3) + 1);
    }
    return made;
  }

  std::mt19937_64 random_;
  bool has_appends_ = false;
};

}  // namespace

TEST_CASE("The checker agrees with trying all orders", "[torture][checker]") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  int possible = 0;
  constexpr int histories = 60'000;
  for (int i = 0; i < histories; ++i) {
    const std::uint64_t own_seed = seed + static_cast<std::uint64_t>(i);
    const History history = RandomHistory(own_seed).make();
    std::vector<bool> done(history.size());
    const bool expected = can_go_on(history, done, {});
    possible += expected;
    const Verdict verdict = check(history);
    if (verdict.judgement == (expected ? Judgement::linearizable : Judgement::violated)) continue;
    CAPTURE(own_seed, expected, explain(history, verdict, Clock::time_point{}));
    FAIL("the checker is wrong");
  }
  // Both verdicts have to be common for the comparison to mean something.
  CHECK(possible > histories / 20);
  CHECK(possible < histories * 19 / 20);
}
