#include "worker/dispatcher.hpp"

#include "base/endian.hpp"
#include "wire/node_statistics.hpp"
#include "worker/worker_support.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;

TEST_CASE("Dispatcher: reads tell a missing key each in its own way", "[worker][dispatcher]") {
  Bench bench;
  bench.run_one({Opcode::put, "here", "x"});
  CHECK(bench.run({{Opcode::get, "here", {}}, {Opcode::get, "gone", {}}}) ==
        std::vector{value("x"), nil()});
  CHECK(bench.run({{Opcode::read, "here", {}}, {Opcode::read, "gone", {}}}) ==
        std::vector{value("x"), error(errc::key_not_found)});
  CHECK(bench.run({{Opcode::exists, "here", {}}, {Opcode::exists, "gone", {}}}) ==
        std::vector{integer(1), integer(0)});
  CHECK(bench.run({{Opcode::length, "here", {}}, {Opcode::length, "gone", {}}}) ==
        std::vector{integer(1), integer(0)});
}

TEST_CASE("Dispatcher: an empty value is a value", "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run_one({Opcode::create, "", ""}) == ok());
  CHECK(bench.run_one({Opcode::get, "", {}}) == value(""));
  CHECK(bench.run_one({Opcode::read, "", {}}) == value(""));
  CHECK(bench.run_one({Opcode::exchange, "", "y"}) == value(""));
}

TEST_CASE("Dispatcher: create, update and erase insist on the key's state",
          "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run_one({Opcode::update, "k", "1"}) == error(errc::key_not_found));
  CHECK(bench.run_one({Opcode::erase, "k", {}}) == error(errc::key_not_found));
  CHECK(bench.run_one({Opcode::create, "k", "1"}) == ok());
  CHECK(bench.run_one({Opcode::create, "k", "2"}) == error(errc::key_exists));
  CHECK(bench.run_one({Opcode::update, "k", "3"}) == ok());
  CHECK(bench.run_one({Opcode::get, "k", {}}) == value("3"));
  CHECK(bench.run_one({Opcode::erase, "k", {}}) == ok());
  CHECK(bench.run_one({Opcode::get, "k", {}}) == nil());
}

TEST_CASE("Dispatcher: put obeys its conditions and answers the old value if asked",
          "[worker][dispatcher]") {
  Bench bench;
  const std::uint8_t absent = wire::put_only_if_absent;
  const std::uint8_t present = wire::put_only_if_present;
  const std::uint8_t old = wire::put_return_old;

  CHECK(bench.run_one({Opcode::put, "k", "a", present}) == nil());
  CHECK(bench.run_one({Opcode::get, "k", {}}) == nil());
  CHECK(bench.run_one({Opcode::put, "k", "a", absent}) == ok());
  CHECK(bench.run_one({Opcode::put, "k", "b", absent}) == nil());
  CHECK(bench.run_one({Opcode::put, "k", "c", present}) == ok());
  CHECK(bench.run_one({Opcode::put, "k", "d", old}) == value("c"));

  const auto old_if_absent = static_cast<std::uint8_t>(old | absent);
  const auto old_if_present = static_cast<std::uint8_t>(old | present);
  CHECK(bench.run_one({Opcode::put, "k", "e", old_if_absent}) == value("d"));
  CHECK(bench.run_one({Opcode::get, "k", {}}) == value("d"));
  CHECK(bench.run_one({Opcode::put, "k", "f", old_if_present}) == value("d"));
  CHECK(bench.run_one({Opcode::put, "n", "g", old_if_present}) == nil());
  CHECK(bench.run_one({Opcode::get, "n", {}}) == nil());
  CHECK(bench.run_one({Opcode::put, "n", "h", old_if_absent}) == nil());
  CHECK(bench.run_one({Opcode::get, "n", {}}) == value("h"));
}

TEST_CASE("Dispatcher: put_if_new and remove say in a number what they did",
          "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run_one({Opcode::put_if_new, "k", "a"}) == integer(1));
  CHECK(bench.run_one({Opcode::put_if_new, "k", "b"}) == integer(0));
  CHECK(bench.run_one({Opcode::get, "k", {}}) == value("a"));
  CHECK(bench.run_one({Opcode::remove, "k", {}}) == integer(1));
  CHECK(bench.run_one({Opcode::remove, "k", {}}) == integer(0));
}

TEST_CASE("Dispatcher: exchange and take give back what was there", "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run_one({Opcode::exchange, "k", "a"}) == nil());
  CHECK(bench.run_one({Opcode::exchange, "k", "b"}) == value("a"));
  CHECK(bench.run_one({Opcode::take, "k", {}}) == value("b"));
  CHECK(bench.run_one({Opcode::take, "k", {}}) == nil());

  bench.run_one({Opcode::put, "k", "this"});
  CHECK(bench.run_one({Opcode::remove_if_equal, "k", "that"}) == integer(0));
  CHECK(bench.run_one({Opcode::remove_if_equal, "k", "thi"}) == integer(0));
  CHECK(bench.run_one({Opcode::get, "k", {}}) == value("this"));
  CHECK(bench.run_one({Opcode::remove_if_equal, "k", "this"}) == integer(1));
  CHECK(bench.run_one({Opcode::remove_if_equal, "k", "this"}) == integer(0));
  CHECK(bench.run_one({Opcode::remove_if_equal, "k", ""}) == integer(0));
  CHECK(bench.run_one({Opcode::get, "k", {}}) == nil());
}

TEST_CASE("Dispatcher: append and increment answer the outcome", "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run_one({Opcode::append, "t", "ab"}) == integer(2));
  CHECK(bench.run_one({Opcode::append, "t", "c"}) == integer(3));
  CHECK(bench.run_one({Opcode::get, "t", {}}) == value("abc"));
  CHECK(bench.run_one({Opcode::increment, "n", addend(-5)}) == integer(-5));
  CHECK(bench.run_one({Opcode::increment, "n", addend(7)}) == integer(2));
  CHECK(bench.run_one({Opcode::get, "n", {}}) == value("2"));
  CHECK(bench.run_one({Opcode::increment, "t", addend(1)}) == error(errc::not_an_integer));
  const auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(bench.run_one({Opcode::increment, "n", addend(most)}) == error(errc::integer_overflow));
  CHECK(bench.run_one({Opcode::get, "n", {}}) == value("2"));
}

TEST_CASE("Dispatcher: an addend that is not 8 bytes is refused", "[worker][dispatcher]") {
  Bench bench;
  for (const std::size_t bytes : {0U, 7U, 9U}) {
    CAPTURE(bytes);
    CHECK(bench.run_one({Opcode::increment, "n", std::string(bytes, '\1')}) ==
          error(errc::malformed_frame));
  }
  CHECK(bench.run_one({Opcode::get, "n", {}}) == nil());
}

TEST_CASE("Dispatcher: count, clear and statistics are about the whole node",
          "[worker][dispatcher]") {
  Bench bench;
  bench.run({{Opcode::put, "a", "1"}, {Opcode::put, "b", "2"}});
  CHECK(bench.run_one({Opcode::count, {}, {}}) == integer(2));

  const Answer reported = bench.run_one({Opcode::statistics, {}, {}});
  REQUIRE(reported.kind == wire::ReplyKind::value);
  const auto statistics = wire::read_statistics(reported.value);
  REQUIRE(statistics);
  CHECK(statistics->keys == 2);
  CHECK(statistics->stored_bytes == bench.store.bytes());
  CHECK(statistics->resident_bytes > 0);
  CHECK(statistics->operations == 3);
  CHECK(bench.dispatcher.operations_run() == 4);

  CHECK(bench.run_one({Opcode::clear, {}, {}}) == ok());
  CHECK(bench.run_one({Opcode::count, {}, {}}) == integer(0));
}

TEST_CASE("Dispatcher: limits are answered with errors and change nothing",
          "[worker][dispatcher]") {
  Limits limits;
  limits.max_key_bytes = 4;
  limits.max_value_bytes = 6;
  Bench bench(1024, limits);
  const std::string long_key(5, 'k');
  const std::string long_value(7, 'v');
  for (const Opcode opcode :
       {Opcode::get, Opcode::read, Opcode::create, Opcode::update, Opcode::erase, Opcode::put,
        Opcode::put_if_new, Opcode::remove, Opcode::exists, Opcode::length, Opcode::append,
        Opcode::exchange, Opcode::take, Opcode::remove_if_equal}) {
    CAPTURE(static_cast<int>(opcode));
    CHECK(bench.run_one({opcode, long_key, "v"}) == error(errc::key_too_long));
  }
  CHECK(bench.run_one({Opcode::increment, long_key, addend(1)}) == error(errc::key_too_long));
  for (const Opcode opcode :
       {Opcode::create, Opcode::put, Opcode::put_if_new, Opcode::append, Opcode::exchange}) {
    CAPTURE(static_cast<int>(opcode));
    CHECK(bench.run_one({opcode, "k", long_value}) == error(errc::value_too_long));
  }
  CHECK(bench.run_one({Opcode::append, "kkkk", "123456"}) == integer(6));
  CHECK(bench.run_one({Opcode::append, "kkkk", "7"}) == error(errc::value_too_long));
  CHECK(bench.run_one({Opcode::count, {}, {}}) == integer(1));
}

TEST_CASE("Dispatcher: when a change fails after the old value was read, the error is the answer",
          "[worker][dispatcher]") {
  Bench bench;
  bench.run_one({Opcode::put, "k", "old"});
  bench.engine.fail_put = true;
  CHECK(bench.run(
            {{Opcode::exchange, "k", "new"}, {Opcode::take, "k", {}}, {Opcode::get, "k", {}}}) ==
        std::vector{error(errc::out_of_memory), error(errc::storage_failure), value("old")});
  CHECK(bench.run_one({Opcode::put, "k", "new", wire::put_return_old}) ==
        error(errc::out_of_memory));
}

TEST_CASE("Dispatcher: an operation that fails does not stop those after it",
          "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run({{Opcode::put, "k", "a"},
                   {Opcode::create, "k", "b"},
                   {Opcode::append, "k", "c"},
                   {Opcode::erase, "gone", {}},
                   {Opcode::get, "k", {}}}) == std::vector{ok(), error(errc::key_exists),
                                                           integer(2), error(errc::key_not_found),
                                                           value("ac")});
}
