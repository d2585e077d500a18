#include "wire/first_sequence.hpp"
#include "worker/worker_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

// Two nodes run the same random history of keys that expire, in other batches and with removals at
// other places. Both must answer as a simple model does, also when asked as of a place of the past.

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;

namespace {

constexpr std::int64_t start = 1'700'000'000'000;

class Model {
 public:
  Answer run(const Asked& asked, std::int64_t now) {
    std::erase_if(entries_, [now](const auto& entry) {
      return entry.second.expires_at != 0 && entry.second.expires_at <= now;
    });
    const auto found = entries_.find(asked.key);
    const bool there = found != entries_.end();
    switch (asked.opcode) {
      case Opcode::get:
        return there ? value(found->second.value) : nil();
      case Opcode::remove:
        return integer(static_cast<std::int64_t>(entries_.erase(asked.key)));
      case Opcode::append: {
        Entry& entry = entries_[asked.key];
        entry.value += asked.value;
        return integer(static_cast<std::int64_t>(entry.value.size()));
      }
      case Opcode::put:
        return put(asked);
      case Opcode::expire:
        return there ? expire(asked, found->second) : integer(0);
      case Opcode::persist: {
        const bool had = there && found->second.expires_at != 0;
        if (had) found->second.expires_at = 0;
        return integer(had ? 1 : 0);
      }
      case Opcode::get_expire: {
        if (!there) return nil();
        found->second.expires_at = asked.expires_at;
        return value(found->second.value);
      }
      case Opcode::expiry: {
        if (!there) return integer(-2);
        const std::int64_t at = found->second.expires_at;
        if (at == 0) return integer(-1);
        return integer((asked.flags & wire::expiry_from_now) != 0 ? at - now : at);
      }
      default:
        return integer(static_cast<std::int64_t>(entries_.size()));
    }
  }

 private:
  struct Entry {
    std::string value;
    std::int64_t expires_at = 0;
  };

  Answer put(const Asked& asked) {
    const auto found = entries_.find(asked.key);
    const bool there = found != entries_.end();
    if ((asked.flags & wire::put_only_if_absent) != 0 && there) return nil();
    if ((asked.flags & wire::put_only_if_present) != 0 && !there) return nil();
    const bool keeps = (asked.flags & wire::put_keep_expiry) != 0 && there;
    const std::int64_t kept = keeps ? found->second.expires_at : asked.expires_at;
    entries_[asked.key] = {asked.value, kept};
    return ok();
  }

  static Answer expire(const Asked& asked, Entry& entry) {
    const std::int64_t before = entry.expires_at == 0 ? INT64_MAX : entry.expires_at;
    const bool some = entry.expires_at != 0;
    if ((asked.flags & wire::expire_only_if_never) != 0 && some) return integer(0);
    if ((asked.flags & wire::expire_only_if_some) != 0 && !some) return integer(0);
    if ((asked.flags & wire::expire_only_if_later) != 0 && asked.expires_at <= before)
      return integer(0);
    if ((asked.flags & wire::expire_only_if_sooner) != 0 && asked.expires_at >= before)
      return integer(0);
    entry.expires_at = asked.expires_at;
    return integer(1);
  }

  std::map<std::string, Entry> entries_;
};

class History {
 public:
  explicit History(std::uint32_t seed) : random_(seed) {}

  Asked next(std::int64_t now) {
    static constexpr Opcode opcodes[] = {
        Opcode::get,    Opcode::put,     Opcode::put,    Opcode::append,     Opcode::remove,
        Opcode::expire, Opcode::persist, Opcode::expiry, Opcode::get_expire, Opcode::count};
    Asked asked{opcodes[pick(std::size(opcodes))], "k" + std::to_string(pick(12)), {}};
    const std::int64_t soon = now - 5 + static_cast<std::int64_t>(pick(60));
    if (asked.opcode == Opcode::put || asked.opcode == Opcode::append)
      asked.value = std::string(pick(30), static_cast<char>('a' + pick(26)));
    if (asked.opcode == Opcode::put) {
      static constexpr int flags[] = {0, 0, wire::put_only_if_absent, wire::put_only_if_present,
                                      wire::put_keep_expiry};
      asked.flags = static_cast<std::uint8_t>(flags[pick(5)]);
      if (asked.flags != wire::put_keep_expiry && pick(2) == 0) asked.expires_at = soon;
    }
    if (asked.opcode == Opcode::expire) {
      static constexpr int flags[] = {0, 1, 2, 4, 8, 2 | 4, 2 | 8};
      asked.flags = static_cast<std::uint8_t>(flags[pick(7)]);
      asked.expires_at = soon;
    }
    if (asked.opcode == Opcode::get_expire && pick(2) == 0) asked.expires_at = soon;
    if (asked.opcode == Opcode::expiry) asked.flags = static_cast<std::uint8_t>(pick(2));
    if (asked.opcode == Opcode::count) asked.key.clear();
    return asked;
  }

  std::size_t pick(std::size_t below) { return random_() % below; }

 private:
  std::mt19937 random_;
};

/// Runs operations at their places, as one batch.
std::vector<Answer> run(Bench& bench, const std::vector<std::pair<std::uint64_t, Asked>>& batch,
                        std::uint64_t stable) {
  wire::Frame frame{ByteBuffer()};
  frame.header = request({}, batch.front().first).header;
  frame.header.stable = stable;
  for (const auto& [sequence, asked] : batch) {
    auto flags = asked.flags;
    if (asked.expires_at != 0) flags |= wire::with_expiry;
    wire::append_operation(
        frame.bytes(),
        {asked.opcode, flags, static_cast<std::uint32_t>(sequence - batch.front().first), asked.key,
         asked.value, asked.expires_at});
    ++frame.header.count;
  }
  Replies replies;
  REQUIRE(bench.dispatcher.run(frame, replies));
  return replies.all();
}

const Asked removal{Opcode::remove_expired, {}, {}};

}  // namespace

TEST_CASE("Dispatcher: nodes with the same history of expiring keys answer the same",
          "[worker][expiry]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  History history(seed);
  Model model;
  Bench one;
  Bench other;
  std::uint64_t stable = sequence_at(start);
  std::uint64_t sequence = stable;
  std::vector<std::pair<std::uint64_t, Asked>> batch;
  std::vector<Answer> expected;
  std::map<std::uint64_t, Model> past;
  for (unsigned step = 0; step < 6'000; ++step) {
    sequence = history.pick(3) == 0
                   ? sequence_at(time_at(sequence) + 1 + static_cast<std::int64_t>(history.pick(9)))
                   : sequence + 1;
    const Asked asked = history.next(time_at(sequence));
    batch.emplace_back(sequence, asked);
    expected.push_back(model.run(asked, time_at(sequence)));
    past[sequence] = model;
    CAPTURE(step, sequence, static_cast<int>(asked.opcode), asked.key);
    REQUIRE(run(one, {batch.back()}, stable) == std::vector{expected.back()});
    if (history.pick(7) == 0) run(one, {{++sequence, removal}}, stable);
    if (history.pick(15) != 0) continue;

    REQUIRE(run(other, batch, stable) == expected);
    if (history.pick(2) == 0) run(other, {{++sequence, removal}}, stable);
    batch.clear();
    expected.clear();
    // Now that both have answered, some of it becomes stable; all that is not can be asked for.
    if (history.pick(3) == 0) {
      stable = sequence - history.pick(sequence - stable + 1);
      past.erase(past.begin(), past.lower_bound(stable));
    }
    if (past.empty()) continue;
    auto then = past.begin();
    std::advance(then, static_cast<std::ptrdiff_t>(history.pick(past.size())));
    for (const Opcode opcode : {Opcode::get, Opcode::expiry}) {
      Asked question{opcode, "k" + std::to_string(history.pick(12)), {}};
      const Answer answer = then->second.run(question, time_at(then->first));
      question.flags = wire::read_as_of;
      CAPTURE(then->first, stable, question.key);
      for (Bench* const bench : {&one, &other})
        REQUIRE(run(*bench, {{then->first, question}}, stable) == std::vector{answer});
    }
  }
  if (!batch.empty()) REQUIRE(run(other, batch, stable) == expected);
  // Nothing is left to be told of a removal that is complete.
  const std::uint64_t end = sequence_at(time_at(sequence) + 1'000);
  for (Bench* const bench : {&one, &other}) {
    while (run(*bench, {{end, removal}}, 0) != std::vector{integer(0)}) {
    }
    CHECK(static_cast<std::int64_t>(bench->store.size_even_expired()) ==
          model.run({Opcode::count, {}, {}}, time_at(end)).integer);
  }
}
