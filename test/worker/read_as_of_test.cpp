#include "wire/copying.hpp"
#include "worker/copying_support.hpp"
#include "worker/worker_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;

namespace {

Asked as_of(Opcode opcode, const std::string& key) {
  return {opcode, key, {}, wire::read_as_of};
}

/// Runs one request that says what is stable.
std::vector<Answer> run(Bench& bench, const std::vector<Asked>& operations, std::uint64_t sequence,
                        std::uint64_t stable) {
  wire::Frame frame = request(operations, sequence);
  frame.header.stable = stable;
  Replies replies;
  if (!bench.dispatcher.run(frame, replies)) return {error(errc::malformed_frame)};
  return replies.all();
}

Answer run_one(Bench& bench, const Asked& operation, std::uint64_t sequence, std::uint64_t stable) {
  return run(bench, {operation}, sequence, stable).front();
}

/// A random operation that may write, on few keys, or clears.
Asked random_write(std::mt19937& random) {
  if (random() % 30 == 0) return {Opcode::clear, {}, {}};
  static constexpr Opcode writing[] = {Opcode::create,   Opcode::update,         Opcode::erase,
                                       Opcode::put,      Opcode::remove,         Opcode::increment,
                                       Opcode::exchange, Opcode::put_if_new,     Opcode::take,
                                       Opcode::append,   Opcode::remove_if_equal};
  Asked asked{writing[random() % std::size(writing)], "k" + std::to_string(random() % 20), {}};
  if (asked.opcode == Opcode::increment)
    asked.value = addend(static_cast<std::int64_t>(1 + random() % 9));
  else
    asked.value =
        random() % 2 == 0 ? std::to_string(random() % 1'000) : std::string(random() % 2'000, 'v');
  if (asked.opcode == Opcode::put) asked.flags = static_cast<std::uint8_t>(random() % 8);
  return asked;
}

const std::vector<std::string> all_keys = [] {
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i)
    keys.push_back("k" + std::to_string(i));
  return keys;
}();

/// What get, read, exists and length answer for every key, at present.
std::vector<Answer> present_answers(Bench& bench) {
  std::vector<Asked> reads;
  for (const std::string& key : all_keys)
    for (const Opcode opcode : {Opcode::get, Opcode::read, Opcode::exists, Opcode::length})
      reads.push_back({opcode, key, {}});
  // Without `stable`: these reads are the test's own.
  return bench.run(reads);
}

std::vector<Answer> past_answers(Bench& bench, std::uint64_t sequence, std::uint64_t stable) {
  std::vector<Answer> answers;
  for (const std::string& key : all_keys)
    for (const Opcode opcode : {Opcode::get, Opcode::read, Opcode::exists, Opcode::length})
      answers.push_back(run_one(bench, as_of(opcode, key), sequence, stable));
  return answers;
}

constexpr std::uint32_t half_of_ring = 1;

/// What is to be counted: the keys in half of the ring.
Asked count_half() {
  return asking(Opcode::count_page,
                {.set = half_of_ring, .most_bytes = 0, .most_entries = UINT32_MAX});
}

}  // namespace

TEST_CASE("Dispatcher: a read as of its place does not see later writes", "[worker][undo]") {
  Bench bench;
  run(bench, {{Opcode::put, "k", "old"}, {Opcode::put, "k", "new"}, {Opcode::remove, "k", {}}}, 10,
      1);
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 9, 1) == nil());
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 10, 1) == value("old"));
  CHECK(run_one(bench, as_of(Opcode::read, "k"), 11, 1) == value("new"));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 12, 1) == nil());
  CHECK(run_one(bench, as_of(Opcode::read, "k"), 12, 1) == error(errc::key_not_found));
  CHECK(run_one(bench, as_of(Opcode::exists, "k"), 11, 1) == integer(1));
  CHECK(run_one(bench, as_of(Opcode::exists, "k"), 12, 1) == integer(0));
  CHECK(run_one(bench, as_of(Opcode::length, "k"), 10, 1) == integer(3));
  CHECK(run_one(bench, as_of(Opcode::length, "k"), 9, 1) == integer(0));
  CHECK(run_one(bench, {Opcode::get, "k", {}}, 9, 1) == nil());  // not flagged: the present
}

TEST_CASE("Dispatcher: reads as of every place agree with what was there", "[worker][undo]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Bench bench;
  std::map<std::uint64_t, std::vector<Answer>> history;
  std::uint64_t stable = 1;
  std::uint64_t sequence = 100;
  history[sequence - 1] = present_answers(bench);
  const std::uint64_t first = sequence - 1;
  for (int round = 0; round < 150; ++round) {
    run(bench, {random_write(random)}, sequence, stable);
    history[sequence] = present_answers(bench);
    ++sequence;
    if (round % 10 != 9) continue;
    // Now and then some of it becomes stable; all since then can still be asked for.
    if (random() % 2 == 0) stable = std::max(stable, first + random() % (sequence - first));
    for (auto then = history.lower_bound(stable); then != history.end(); ++then) {
      CAPTURE(then->first, stable);
      REQUIRE(past_answers(bench, then->first, stable) == then->second);
    }
  }
}

TEST_CASE("Dispatcher: counts as of every place agree with what was there", "[worker][undo]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Bench bench;
  REQUIRE(bench.run_one(define(half_of_ring, {{0, UINT64_MAX / 2}})) == ok());
  Asked as_of_place = count_half();
  as_of_place.flags = wire::read_as_of;
  std::map<std::uint64_t, Answer> history;
  for (std::uint64_t sequence = 100; sequence < 400; ++sequence) {
    run(bench, {random_write(random)}, sequence, 1);
    history[sequence] = bench.run_one(count_half());
    const std::uint64_t then = 100 + random() % (sequence - 99);
    CAPTURE(sequence, then);
    REQUIRE(run_one(bench, as_of_place, then, 1) == history[then]);
  }
  CHECK(run_one(bench, as_of_place, 200, 201) == error(errc::node_down));
  CHECK(bench.run_one(as_of_place) == error(errc::malformed_frame));  // nothing is remembered
  as_of_place.value.clear();
  CHECK(run_one(bench, as_of_place, 300, 201) == error(errc::malformed_frame));
}

TEST_CASE("Dispatcher: reads of the past in a batch see it between its writes", "[worker][undo]") {
  Bench bench;
  run_one(bench, {Opcode::put, "k", "0"}, 10, 1);
  wire::Frame frame{ByteBuffer()};
  frame.header = request({}, 5).header;
  frame.header.stable = 1;
  // Sent again: 11 and 10, after writes that came later.
  for (const auto& [sequence, asked] :
       std::vector<std::pair<std::uint32_t, Asked>>{{12, {Opcode::put, "k", "12"}},
                                                    {11, as_of(Opcode::get, "k")},
                                                    {13, {Opcode::append, "k", "+13"}},
                                                    {12, as_of(Opcode::get, "k")},
                                                    {9, as_of(Opcode::get, "k")},
                                                    {14, {Opcode::get, "k", {}}}}) {
    wire::append_operation(frame.bytes(),
                           {asked.opcode, asked.flags, sequence - 5, asked.key, asked.value});
    ++frame.header.count;
  }
  Replies replies;
  REQUIRE(bench.dispatcher.run(frame, replies));
  CHECK(replies.all() ==
        std::vector{ok(), value("0"), integer(5), value("12"), nil(), value("12+13")});
}

TEST_CASE("Dispatcher: what is stable cannot be asked for any more", "[worker][undo]") {
  Bench bench;
  run(bench, {{Opcode::put, "k", "a"}, {Opcode::put, "k", "b"}}, 10, 1);
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 10, 10) == value("a"));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 9, 10) == error(errc::node_down));
  CHECK(run_one(bench, as_of(Opcode::length, "k"), 9, 10) == error(errc::node_down));
}

TEST_CASE("Dispatcher: what a clear took away can be read as of before", "[worker][undo]") {
  Bench bench;
  run(bench, {{Opcode::put, "k", "a"}, {Opcode::put, "k", "b"}, {Opcode::clear, {}, {}}}, 10, 1);
  CHECK(run_one(bench, {Opcode::count, {}, {}}, 13, 1) == integer(0));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 10, 1) == value("a"));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 11, 1) == value("b"));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 12, 1) == nil());
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 11, 12) == error(errc::node_down));
}

TEST_CASE("Dispatcher: where entries cannot be moved, nobody is told what a clear took away",
          "[worker][undo]") {
  Bench bench;
  bench.engine.moves_out = false;
  run(bench, {{Opcode::put, "k", "a"}, {Opcode::clear, {}, {}}}, 10, 1);
  CHECK(run_one(bench, {Opcode::count, {}, {}}, 12, 1) == integer(0));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 10, 1) == error(errc::node_down));
  CHECK(run_one(bench, as_of(Opcode::get, "k"), 11, 1) == nil());
}

TEST_CASE("Dispatcher: a write that fails leaves the past as it was", "[worker][undo]") {
  Bench bench;
  run_one(bench, {Opcode::put, "k", "text"}, 10, 1);
  CHECK(run_one(bench, {Opcode::increment, "k", addend(1)}, 11, 1) == error(errc::not_an_integer));
  bench.engine.fail_put = true;
  CHECK(run_one(bench, {Opcode::put, "k", "lost"}, 12, 1) == error(errc::out_of_memory));
  bench.engine.fail_put = false;
  CHECK(run_one(bench, {Opcode::put, std::string(100'000, 'k'), "v"}, 13, 1) ==
        error(errc::key_too_long));
  for (std::uint64_t sequence = 10; sequence <= 14; ++sequence)
    CHECK(run_one(bench, as_of(Opcode::get, "k"), sequence, 1) == value("text"));
  CHECK(run_one(bench, as_of(Opcode::get, std::string(100'000, 'k')), 10, 1) ==
        error(errc::key_too_long));
}

TEST_CASE("Dispatcher: only reads of one key can be of the past", "[worker][undo]") {
  Bench bench;
  run_one(bench, {Opcode::put, "k", "v"}, 10, 1);
  for (const Opcode opcode : {Opcode::put, Opcode::remove, Opcode::take, Opcode::increment,
                              Opcode::clear, Opcode::count}) {
    CHECK(run_one(bench, {opcode, "k", addend(1), wire::read_as_of}, 9, 1) ==
          error(errc::malformed_frame));
    CHECK(run_one(bench, {opcode, "k", addend(1), wire::read_as_of}, 10, 1) ==
          error(errc::malformed_frame));
  }
  CHECK(run_one(bench, {Opcode::get, "k", {}}, 12, 1) == value("v"));
}

TEST_CASE("Dispatcher: without `stable` nothing is remembered", "[worker][undo]") {
  Bench bench;
  bench.run({{Opcode::put, "k", "a"}, {Opcode::put, "k", "b"}});
  CHECK(bench.run_one(as_of(Opcode::get, "k")) == error(errc::malformed_frame));
  CHECK(bench.engine.calls == 2);  // the writes did not look at what they replaced
}
