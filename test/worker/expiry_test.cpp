#include "wire/copying.hpp"
#include "wire/first_sequence.hpp"
#include "worker/copying_support.hpp"
#include "worker/worker_support.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;

namespace {

constexpr std::int64_t start = 1'700'000'000'000;

/// Runs one operation at a time, in milliseconds from the start.
Answer at(Bench& bench, std::int64_t time, const Asked& operation, std::uint64_t stable = 0) {
  wire::Frame frame = request({operation}, sequence_at(start + time));
  frame.header.stable = stable;
  Replies replies;
  if (!bench.dispatcher.run(frame, replies)) return error(errc::malformed_frame);
  return replies.all().front();
}

Asked put_until(const std::string& key, const std::string& value, std::int64_t time,
                std::uint8_t flags = 0) {
  return {Opcode::put, key, value, flags, start + time};
}

Asked expire_at(const std::string& key, std::int64_t time, std::uint8_t flags = 0) {
  return {Opcode::expire, key, {}, flags, start + time};
}

Asked asking_for(Opcode opcode, const std::string& key, std::uint8_t flags = 0) {
  return {opcode, key, {}, flags};
}

constexpr std::uint32_t whole_ring = 1;

}  // namespace

TEST_CASE("Dispatcher: a key is gone from its time of expiry on, for every operation",
          "[worker][expiry]") {
  for (const std::int64_t time : {99, 100}) {
    const bool there = time < 100;
    CAPTURE(there);
    const auto asked = [&](const Asked& operation) {
      Bench bench;
      CHECK(at(bench, 0, put_until("k", "7", 100)) == ok());
      return at(bench, time, operation);
    };
    CHECK(asked(asking_for(Opcode::get, "k")) == (there ? value("7") : nil()));
    CHECK(asked(asking_for(Opcode::read, "k")) ==
          (there ? value("7") : error(errc::key_not_found)));
    CHECK(asked(asking_for(Opcode::exists, "k")) == integer(there ? 1 : 0));
    CHECK(asked(asking_for(Opcode::length, "k")) == integer(there ? 1 : 0));
    CHECK(asked(asking_for(Opcode::remove, "k")) == integer(there ? 1 : 0));
    CHECK(asked(asking_for(Opcode::erase, "k")) == (there ? ok() : error(errc::key_not_found)));
    CHECK(asked(asking_for(Opcode::take, "k")) == (there ? value("7") : nil()));
    CHECK(asked({Opcode::create, "k", "n"}) == (there ? error(errc::key_exists) : ok()));
    CHECK(asked({Opcode::update, "k", "n"}) == (there ? ok() : error(errc::key_not_found)));
    CHECK(asked({Opcode::put_if_new, "k", "n"}) == integer(there ? 0 : 1));
    CHECK(asked({Opcode::put, "k", "n", wire::put_only_if_present}) == (there ? ok() : nil()));
    CHECK(asked({Opcode::put, "k", "n", wire::put_return_old}) == (there ? value("7") : nil()));
    CHECK(asked({Opcode::exchange, "k", "n"}) == (there ? value("7") : nil()));
    CHECK(asked({Opcode::append, "k", "89"}) == integer(there ? 3 : 2));
    CHECK(asked({Opcode::increment, "k", addend(1)}) == integer(there ? 8 : 1));
    CHECK(asked(asking_for(Opcode::count, {})) == integer(there ? 1 : 0));
    CHECK(asked(expire_at("k", 200)) == integer(there ? 1 : 0));
    CHECK(asked(asking_for(Opcode::persist, "k")) == integer(there ? 1 : 0));
    CHECK(asked(asking_for(Opcode::get_expire, "k")) == (there ? value("7") : nil()));
    CHECK(asked(asking_for(Opcode::expiry, "k")) == integer(there ? start + 100 : -2));
  }
}

TEST_CASE("Dispatcher: what replaces a value ends its time, what changes it does not",
          "[worker][expiry]") {
  const auto time_after = [](const Asked& operation) {
    Bench bench;
    CHECK(at(bench, 0, put_until("k", "7", 100)) == ok());
    at(bench, 1, operation);
    return at(bench, 2, asking_for(Opcode::expiry, "k"));
  };
  CHECK(time_after({Opcode::put, "k", "n"}) == integer(-1));
  CHECK(time_after({Opcode::update, "k", "n"}) == integer(-1));
  CHECK(time_after({Opcode::exchange, "k", "n"}) == integer(-1));
  CHECK(time_after({Opcode::put, "k", "n", wire::put_keep_expiry}) == integer(start + 100));
  CHECK(time_after({Opcode::put, "k", "n", wire::put_only_if_absent}) == integer(start + 100));
  CHECK(time_after(put_until("k", "n", 50)) == integer(start + 50));
  CHECK(time_after({Opcode::append, "k", "n"}) == integer(start + 100));
  CHECK(time_after({Opcode::increment, "k", addend(2)}) == integer(start + 100));
  CHECK(time_after(asking_for(Opcode::get_expire, "k")) == integer(-1));
}

TEST_CASE("Dispatcher: a time that has passed takes the key away at once", "[worker][expiry]") {
  Bench bench;
  CHECK(at(bench, 0, {Opcode::put, "k", "v"}) == ok());
  CHECK(at(bench, 10, expire_at("k", 10)) == integer(1));
  CHECK(bench.store.size_even_expired() == 0);
  CHECK(at(bench, 10, {Opcode::expire, "k", {}, 0, 1}) == integer(0));
  CHECK(at(bench, 10, put_until("k", "v", 10)) == ok());
  CHECK(at(bench, 10, asking_for(Opcode::get, "k")) == nil());
  // Without a time, which no coordinator sends.
  CHECK(at(bench, 10, {Opcode::expire, "k", {}}) == error(errc::malformed_frame));
}

TEST_CASE("Dispatcher: the rest of a key's time is rounded to whole seconds", "[worker][expiry]") {
  Bench bench;
  at(bench, 0, put_until("k", "v", 10'000));
  constexpr std::uint8_t rest = wire::expiry_from_now;
  constexpr std::uint8_t seconds = wire::expiry_in_seconds;
  CHECK(at(bench, 0, asking_for(Opcode::expiry, "k", rest)) == integer(10'000));
  CHECK(at(bench, 1, asking_for(Opcode::expiry, "k", rest | seconds)) == integer(10));
  CHECK(at(bench, 500, asking_for(Opcode::expiry, "k", rest | seconds)) == integer(10));
  CHECK(at(bench, 501, asking_for(Opcode::expiry, "k", rest | seconds)) == integer(9));
  CHECK(at(bench, 9'999, asking_for(Opcode::expiry, "k", rest | seconds)) == integer(0));
  CHECK(at(bench, 9'999, asking_for(Opcode::expiry, "k", rest)) == integer(1));
  CHECK(at(bench, 0, asking_for(Opcode::expiry, "k", seconds)) == integer(start / 1000 + 10));
  at(bench, 0, {Opcode::expire, "k", {}, 0, INT64_MAX});
  CHECK(at(bench, 0, asking_for(Opcode::expiry, "k", seconds)) == integer(INT64_MAX / 1000 + 1));
}

TEST_CASE("Dispatcher: removes what expired before the stable place, a bounded step at a time",
          "[worker][expiry]") {
  Bench bench;
  for (int i = 0; i < 100; ++i)
    at(bench, 0, put_until(std::to_string(i), "v", 100 + i));
  at(bench, 0, {Opcode::put, "stays", "v"});
  const Asked removal = asking_for(Opcode::remove_expired, {});
  CHECK(at(bench, 99, removal) == integer(start + 100));
  CHECK(bench.store.size_even_expired() == 101);
  // Of what was there at the stable place somebody may still want to know.
  CHECK(at(bench, 500, removal, sequence_at(start + 149)) == integer(start + 150));
  CHECK(bench.store.size_even_expired() == 51);
  CHECK(at(bench, 500, asking_for(Opcode::count, {})) == integer(1));
  while (at(bench, 500, removal) != integer(0)) {
  }
  CHECK(bench.store.size_even_expired() == 1);
}

TEST_CASE("Dispatcher: a read as of a time when a key had not expired finds it",
          "[worker][expiry][undo]") {
  Bench bench;
  const std::uint64_t stable = sequence_at(start + 1);
  at(bench, 0, put_until("k", "v", 100), stable);
  at(bench, 0, put_until("written", "v", 100), stable);
  at(bench, 0, put_until("cleared", "v", 100), stable);
  at(bench, 150, {Opcode::put, "written", "w"}, stable);
  const auto then = [&](std::int64_t time, const std::string& key) {
    return at(bench, time, asking_for(Opcode::get, key, wire::read_as_of), stable);
  };
  for (int round = 0; round < 2; ++round) {
    CHECK(then(99, "k") == value("v"));
    CHECK(then(100, "k") == nil());
    CHECK(then(99, "written") == value("v"));
    CHECK(then(100, "written") == nil());
    CHECK(then(150, "written") == value("w"));
    CHECK(then(99, "cleared") == value("v"));
    CHECK(then(120, "cleared") == nil());
    CHECK(at(bench, 99, asking_for(Opcode::expiry, "k", wire::read_as_of | wire::expiry_from_now),
             stable) == integer(1));
    if (round == 0) CHECK(at(bench, 200, asking_for(Opcode::clear, {}), stable) == ok());
  }
}

TEST_CASE("Copying: times of expiry are copied, and what has expired is not", "[worker][expiry]") {
  Bench source;
  at(source, 0, put_until("lives", "v", 100));
  at(source, 0, put_until("gone", "v", 50));
  at(source, 0, {Opcode::put, "forever", "v"});
  CHECK(at(source, 0, define(whole_ring, {{0, UINT64_MAX}})) == ok());
  const wire::CopyRequest everything{
      .set = whole_ring, .most_bytes = UINT32_MAX, .most_entries = UINT32_MAX};
  const Answer page = at(source, 50, asking(Opcode::copy_page, everything));
  REQUIRE(read_page(page).entries.size() == 2);

  Bench destination;
  CHECK(at(destination, 60, {Opcode::copy_in, {}, page.value}) == ok());
  CHECK(at(destination, 60, asking_for(Opcode::expiry, "lives")) == integer(start + 100));
  CHECK(at(destination, 60, asking_for(Opcode::expiry, "forever")) == integer(-1));
  CHECK(at(destination, 60, asking_for(Opcode::expiry, "gone")) == integer(-2));
  CHECK(at(destination, 100, asking_for(Opcode::count, {})) == integer(1));
}

TEST_CASE("Copying: counts as of a time what had not expired then", "[worker][expiry][undo]") {
  Bench bench;
  const std::uint64_t stable = sequence_at(start + 1);
  at(bench, 0, put_until("a", "v", 100), stable);
  at(bench, 0, put_until("b", "v", 200), stable);
  at(bench, 0, define(whole_ring, {{0, UINT64_MAX}}), stable);
  at(bench, 150, {Opcode::put, "a", "w"}, stable);
  Asked count = asking(Opcode::count_page, {.set = whole_ring, .most_entries = UINT32_MAX});
  count.flags = wire::read_as_of;
  const auto keys_at = [&](std::int64_t time) {
    return wire::read_counted_page(at(bench, time, count, stable).value).value().keys;
  };
  CHECK(keys_at(99) == 2);
  CHECK(keys_at(120) == 1);
  CHECK(keys_at(150) == 2);
  CHECK(keys_at(200) == 1);
}
