#include "torture/checker/linearizability.hpp"

#include "torture/checker/made_history.hpp"
#include "torture/checker/slot_set.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace pkv::torture;
using namespace pkv::torture::made;

bool is_linearizable(const History& history) {
  return check(history).judgement == Judgement::linearizable;
}

}  // namespace

TEST_CASE("A history without operations is linearizable", "[torture][checker]") {
  CHECK(is_linearizable({}));
}

TEST_CASE("A read sees the last put that was answered before", "[torture][checker]") {
  CHECK(is_linearizable({put(0, 0, 1, a), read(1, 2, 3, a)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 1, a), read(1, 2, 3, nothing)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 1, a), put(0, 2, 3, b), read(1, 4, 5, a)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 1, a), read(1, 2, 3, b)}));
}

TEST_CASE("A read beside a put sees the old or the new value", "[torture][checker]") {
  for (const Value& seen : {a, b})
    CHECK(is_linearizable({put(0, 0, 1, a), put(0, 2, 6, b), read(1, 3, 4, seen)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 1, a), put(0, 2, 6, b), read(1, 3, 4, nothing)}));
}

TEST_CASE("Nobody reads the old value after somebody has read the new one", "[torture][checker]") {
  const History common = {put(0, 0, 1, a), put(0, 2, 20, b), read(1, 3, 5, b)};
  History forth = common, back = common;
  forth.push_back(read(2, 4, 8, a));  // began before the other read ended
  back.push_back(read(2, 6, 8, a));
  CHECK(is_linearizable(forth));
  CHECK_FALSE(is_linearizable(back));
}

TEST_CASE("What begins at the moment of an answer may come before", "[torture][checker]") {
  CHECK(is_linearizable({put(0, 0, 5, a), read(1, 5, 6, nothing)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 5, a), read(1, 6, 7, nothing)}));
}

TEST_CASE("Two puts at once take place in the order that readers see", "[torture][checker]") {
  const History puts = {put(0, 0, 10, a), put(1, 0, 10, b)};
  const auto with = [&](const Value& first, const Value& second) {
    History history = puts;
    history.push_back(read(2, 11, 12, first));
    history.push_back(read(2, 13, 14, second));
    return is_linearizable(history);
  };
  CHECK(with(a, a));
  CHECK(with(b, b));
  CHECK_FALSE(with(a, b));
  CHECK_FALSE(with(b, a));
}

TEST_CASE("A put whose answer never came may have happened, late too, or not",
          "[torture][checker]") {
  const History lost = {put(0, 0, 1, a), put(1, 2, never, b)};
  const auto with = [&](const std::vector<Value>& seen) {
    History history = lost;
    std::int64_t time = 10;
    for (const Value& value : seen) {
      history.push_back(read(2, time, time + 1, value));
      time += 2;
    }
    return is_linearizable(history);
  };
  CHECK(with({a, a}));
  CHECK(with({b, b}));
  CHECK(with({a, b}));
  CHECK_FALSE(with({b, a}));
  CHECK_FALSE(with({a, b, a}));
}

TEST_CASE("A put whose answer never came cannot happen before it was sent", "[torture][checker]") {
  CHECK_FALSE(is_linearizable({read(0, 0, 1, b), put(1, 2, never, b)}));
}

TEST_CASE("What was refused has not happened", "[torture][checker]") {
  Operation refused = put(1, 2, 3, b);
  refused.outcome = Outcome::refused;
  CHECK(is_linearizable({put(0, 0, 1, a), refused, read(0, 4, 5, a)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 1, a), refused, read(0, 4, 5, b)}));
}

TEST_CASE("Create and erase tell whether there was a value", "[torture][checker]") {
  CHECK(is_linearizable({create(0, 0, 1, a, false), create(1, 2, 3, b, true), read(0, 4, 5, a),
                         erase(1, 6, 7, true), erase(0, 8, 9, false), read(1, 10, 11, nothing)}));
  CHECK_FALSE(is_linearizable({create(0, 0, 1, a, false), create(1, 2, 3, b, false)}));
  CHECK_FALSE(is_linearizable({create(0, 0, 1, a, true)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 1, a), erase(1, 2, 9, true), erase(0, 2, 9, true)}));
  CHECK(is_linearizable({put(0, 0, 1, a), erase(1, 2, 9, true), erase(0, 2, 9, false)}));
}

TEST_CASE("Each increment counts once", "[torture][checker]") {
  CHECK(is_linearizable({increment(0, 0, 5, 2), increment(1, 0, 5, 1), increment(2, 6, 7, 3)}));
  CHECK_FALSE(is_linearizable({increment(0, 0, 5, 1), increment(1, 0, 5, 1)}));
  CHECK_FALSE(is_linearizable({increment(0, 0, 1, 1), increment(1, 2, 3, 3)}));
  // One that got no answer explains one step, not two, and not before it was sent.
  CHECK(is_linearizable({increment(0, 0, never, 0), increment(1, 2, 3, 2)}));
  CHECK_FALSE(is_linearizable({increment(0, 0, never, 0), increment(1, 2, 3, 3)}));
  CHECK_FALSE(is_linearizable({increment(1, 0, 1, 2), increment(0, 2, never, 0)}));
}

TEST_CASE("Appended pieces stay, in their order", "[torture][checker]") {
  const Value ab = extended(piece(1, 64), 2, 10);
  const Value ba = extended(piece(2, 10), 1, 64);
  CHECK(
      is_linearizable({append(0, 0, 5, 1, 64, 64), append(1, 0, 5, 2, 10, 74), read(0, 6, 7, ab)}));
  CHECK_FALSE(
      is_linearizable({append(0, 0, 5, 1, 64, 64), append(1, 0, 5, 2, 10, 74), read(0, 6, 7, ba)}));
  CHECK_FALSE(is_linearizable({append(0, 0, 5, 1, 64, 64), append(1, 0, 5, 2, 10, 10)}));
}

TEST_CASE("A client's operations take place in the order sent, without waiting for answers",
          "[torture][checker]") {
  const History other_clients = {put(0, 0, 10, a), put(1, 0, 10, b), read(2, 0, 10, nothing),
                                 read(3, 11, 12, a)};
  CHECK(is_linearizable(other_clients));
  CHECK_FALSE(is_linearizable({put(0, 0, 10, a), put(0, 0, 10, b), read(3, 11, 12, a)}));
  CHECK(is_linearizable({put(0, 0, 10, a), put(0, 0, 10, b), read(3, 11, 12, b)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 10, a), read(0, 0, 10, nothing)}));
  CHECK_FALSE(is_linearizable({read(0, 0, 10, a), put(0, 0, 10, a)}));
}

TEST_CASE("A put that nobody saw may have been hidden by one in the past", "[torture][checker]") {
  // The put of c was answered long after those around it were seen.
  const History history = {put(0, 0, 50, c), put(1, 1, 2, a), read(2, 3, 4, a), read(2, 40, 41, a),
                           read(2, 60, 61, a)};
  CHECK(is_linearizable(history));
  History too_late = history;
  too_late[0].invoked = history[3].invoked;  // then c would be the last
  CHECK_FALSE(is_linearizable(too_late));
}

TEST_CASE("A put hidden with its client's earlier one stays behind it", "[torture][checker]") {
  CHECK(is_linearizable({put(0, 0, 50, a), put(0, 0, 51, b), put(1, 1, 10, c), read(2, 11, 12, c),
                         read(2, 60, 61, c)}));
  CHECK(is_linearizable({put(0, 0, 50, a), put(0, 0, 51, b), put(1, 1, 10, c), read(2, 11, 12, c),
                         read(2, 20, 21, a), read(2, 60, 61, b)}));
  CHECK_FALSE(is_linearizable({put(0, 0, 50, a), put(0, 0, 51, b), put(1, 1, 10, c),
                               read(2, 11, 12, c), read(2, 20, 21, a), read(2, 60, 61, a)}));
}

TEST_CASE("The verdict names the first answer that cannot be", "[torture][checker]") {
  const History history = {put(0, 0, 1, a), put(0, 2, 3, b), read(1, 4, 5, b), read(1, 6, 7, a),
                           read(1, 8, 9, c)};
  const Verdict verdict = check(history);
  CHECK(verdict.judgement == Judgement::violated);
  CHECK(verdict.operation == 3);
  CHECK(verdict.possible_value == b);
  const std::string text = explain(history, verdict, Clock::time_point{});
  CHECK(text.find("no order of the operations explains this answer") != std::string::npos);
  CHECK(text.find("6.000 ..        7.000 ms  client 1  reads #") != std::string::npos);
  CHECK(text.find("puts") != std::string::npos);
}

TEST_CASE("A check that would cost too much is undecided", "[torture][checker]") {
  CheckLimits limits;
  limits.most_configurations = 100;
  History history;
  for (std::uint32_t client = 0; client < 12; ++client) {
    history.push_back(put(client, 0, 100, piece(client, 64)));
    history.push_back(erase(100 + client, 0, 100, true));
  }
  history.push_back(erase(200, 0, 100, true));  // one too many: all orders are to be tried
  const Verdict verdict = check(history, limits);
  CHECK(verdict.judgement == Judgement::undecided);
  CHECK(explain(history, verdict, Clock::time_point{}).starts_with("undecided: "));

  limits.most_configurations = 100'000;
  limits.most_steps = 100;
  CHECK(check(history, limits).judgement == Judgement::undecided);
}

TEST_CASE("As many operations may be under way as there are slots, and no more",
          "[torture][checker]") {
  History history;
  for (std::uint32_t client = 0; client < SlotSet::capacity; ++client)
    history.push_back(put(client, 0, 100, piece(client, 64)));
  CHECK(is_linearizable(history));
  history.push_back(put(SlotSet::capacity, 0, 100, a));
  CHECK(check(history).judgement == Judgement::undecided);
}
