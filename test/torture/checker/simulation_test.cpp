#include "torture/checker/linearizability.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

// Long histories of a simulated store, which is atomic or has one of the faults that are looked
// for.
namespace {

using namespace pkv::torture;
using std::chrono::microseconds;

struct Settings {
  std::uint32_t clients = 12;
  int operations_per_client = 400;
  bool is_counter = false;
  /// The most operations that a client sends without waiting.
  int pipeline = 6;
  /// One in so many gets no answer; 0: all do.
  int lost_answers = 0;
};

/// Clients of one key. Every operation is sent, takes place later, and is answered later still,
/// with random delays; a client's take place and are answered in the order sent.
class Simulation {
 public:
  Simulation(const Settings& settings, std::uint64_t seed) : settings_(settings), random_(seed) {
    for (std::uint32_t client = 0; client < settings.clients; ++client)
      plan(client);
  }

  /// Runs the operations in the order of their moments. `fault(operation, value)` may change what
  /// the operation does with the value.
  template <class Fault>
  History run(Fault&& fault) {
    for (auto& [moment, index] : order_) {
      Operation& operation = history_[index];
      value_ = fault(operation, value_, happen(operation, value_));
    }
    history_.push_back(audit());
    return history_;
  }

  History run() {
    return run([](const Operation&, const Value&, const Value& after) { return after; });
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  /// Mostly short, sometimes very long: then a lot piles up.
  microseconds delay() { return microseconds(below(200) == 0 ? below(5'000) : below(60)); }

  void plan(std::uint32_t client) {
    Clock::time_point now{delay()};
    for (int left = settings_.operations_per_client; left > 0;) {
      const int together = std::min(left, below(settings_.pipeline) + 1);
      left -= together;
      Clock::time_point moment = now, answered = now;
      for (int i = 0; i < together; ++i) {
        moment += delay();
        answered = std::max(answered, moment) + delay();
        add(client, now, moment, answered);
      }
      now = answered + delay();
    }
    end_ = std::max(end_, now);
  }

  void add(std::uint32_t client, Clock::time_point invoked, Clock::time_point moment,
           Clock::time_point answered) {
    Operation operation = settings_.is_counter ? any_count() : any();
    operation.client = client;
    operation.invoked = invoked;
    operation.answered = answered;
    const bool is_lost = settings_.lost_answers > 0 && below(settings_.lost_answers) == 0;
    if (is_lost) operation.outcome = Outcome::unknown;
    history_.push_back(operation);
    if (is_lost && below(2) == 0) return;  // nor does it happen
    order_.emplace(moment, history_.size() - 1);
  }

  Operation any() {
    Operation made;
    const int chance = below(100);
    made.argument = piece(next_tag_++, 64 + static_cast<std::uint64_t>(below(1000)));
    if (chance < 50) {
      made.action = Action::read;
    } else if (chance < 84) {
      made.action = Action::put;
    } else if (chance < 89) {
      made.action = Action::create;
    } else if (chance < 92) {
      made.action = Action::erase;
    } else {
      made.action = Action::append;
      made.argument.content = next_tag_++;
    }
    return made;
  }

  Operation any_count() {
    Operation made;
    made.action = below(3) == 0 ? Action::read : Action::increment;
    made.argument = number(1);
    return made;
  }

  static Value happen(Operation& operation, const Value& before) {
    Operation trial = operation;
    trial.outcome = Outcome::unknown;  // then any result will do
    const Value after = *apply(trial, before);
    operation.result = operation.action == Action::increment || operation.action == Action::append
                           ? after
                           : before;
    return after;
  }

  Operation audit() {
    Operation last;
    last.client = settings_.clients;
    last.invoked = end_ + microseconds(10);
    last.answered = last.invoked + microseconds(1);
    last.result = value_;
    return last;
  }

  Settings settings_;
  std::mt19937_64 random_;
  History history_;
  std::multimap<Clock::time_point, std::size_t> order_;  // by the moments they take place
  Clock::time_point end_{};
  Value value_;
  std::uint64_t next_tag_ = 1;
};

constexpr int rounds = 6;
/// That there is no order takes longer to find out than that there is one.
constexpr Settings few_clients{.clients = 4, .operations_per_client = 600, .pipeline = 2};

void expect(const History& history, Judgement judgement) {
  const Verdict verdict = check(history);
  CAPTURE(verdict.steps, explain(history, verdict, Clock::time_point{}));
  CHECK(verdict.judgement == judgement);
}

std::uint64_t any_seed() {
  return std::random_device()();
}

/// Lets the `count`th operation of the kind, as they take place, go wrong.
template <class Wrong>
auto once(Action action, int count, Wrong wrong) {
  return [=](const Operation& operation, const Value& before, const Value& after) mutable {
    if (operation.outcome != Outcome::ok || operation.action != action || --count != 0)
      return after;
    return wrong(before, after);
  };
}

}  // namespace

TEST_CASE("What an atomic store answers is linearizable", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    expect(Simulation({}, seed + round).run(), Judgement::linearizable);
    expect(Simulation({.is_counter = true}, seed + round).run(), Judgement::linearizable);
  }
}

TEST_CASE("So it is if some answers get lost", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    expect(Simulation({.lost_answers = 400}, seed + round).run(), Judgement::linearizable);
    expect(Simulation({.is_counter = true, .lost_answers = 50}, seed + round).run(),
           Judgement::linearizable);
  }
}

TEST_CASE("A long history with many clients is no problem", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  const Settings many{.clients = 16, .operations_per_client = 4'000, .pipeline = 2};
  const History history = Simulation(many, seed).run();
  CHECK(history.size() > 60'000);
  expect(history, Judgement::linearizable);
}

TEST_CASE("An increment that is executed twice is found", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    Simulation store({.is_counter = true}, seed + round);
    expect(store.run(once(Action::increment, 1'000,
                          [](const Value&, const Value& after) {
                            return Value{true, after.content + 1, 0, 0};
                          })),
           Judgement::violated);
  }
}

TEST_CASE("An answered increment that is lost is found", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    Simulation store({.is_counter = true}, seed + round);
    expect(store.run(once(Action::increment, 1'000,
                          [](const Value& before, const Value&) { return before; })),
           Judgement::violated);
  }
}

TEST_CASE("The last write before the audit cannot be lost unnoticed", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    History history = Simulation(few_clients, seed + round).run();
    Operation write;
    write.action = Action::put;
    write.client = 100;
    write.argument = piece(1'000'000, 64);
    write.invoked = history.back().answered + microseconds(1);
    write.answered = write.invoked + microseconds(1);
    Operation audit = history.back();  // which read what was there before
    audit.invoked = write.answered + microseconds(1);
    audit.answered = audit.invoked + microseconds(1);
    history.insert(history.end(), {write, audit});
    expect(history, Judgement::violated);
    history.back().result = write.argument;
    expect(history, Judgement::linearizable);
  }
}

TEST_CASE("A read of a value that was replaced before is found", "[torture][checker]") {
  const std::uint64_t seed = any_seed();
  CAPTURE(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    History history = Simulation(few_clients, seed + round).run();
    // A read of what a put wrote, then a put and a read that see nothing of that any more.
    const auto is_read = [](const Operation& at) {
      return at.outcome == Outcome::ok && at.action == Action::read && at.result.is_there;
    };
    const auto old = std::find_if(history.begin(), history.end(), is_read);
    const auto between = std::find_if(old, history.end(), [&](const Operation& at) {
      return at.outcome == Outcome::ok && at.action == Action::put && at.invoked > old->answered;
    });
    REQUIRE(between != history.end());
    const auto stale = std::find_if(history.begin(), history.end(), [&](const Operation& at) {
      return is_read(at) && at.invoked > between->answered;
    });
    REQUIRE(stale != history.end());
    stale->result = old->result;
    expect(history, Judgement::violated);
  }
}
