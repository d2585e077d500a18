#include "worker/dispatcher.hpp"
#include "worker/worker_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;

namespace {

std::vector<Asked> puts_and_gets(int count) {
  std::vector<Asked> operations;
  for (int i = 0; i < count; ++i) {
    operations.push_back({Opcode::put, "k" + std::to_string(i % 7), std::to_string(i)});
    operations.push_back({Opcode::get, "k" + std::to_string(i % 7), {}});
  }
  return operations;
}

// Whether the dispatcher refuses the frame, runs nothing and answers nothing.
bool is_refused(const wire::Frame& frame) {
  Bench bench;
  Replies replies;
  const result<void> done = bench.dispatcher.run(frame, replies);
  return !done && done.error() == errc::malformed_frame && replies.frames.empty() &&
         bench.engine.calls == 0 && bench.engine.begun == 0 &&
         bench.dispatcher.operations_run() == 0;
}

}  // namespace

TEST_CASE("Dispatcher: a batch of any length runs in order", "[worker][dispatcher]") {
  for (const int count : {1, 15, 16, 17, 31, 32, 33, 64, 500}) {
    CAPTURE(count);
    Bench bench;
    const std::vector<Answer> got = bench.run(puts_and_gets(count));
    REQUIRE(got.size() == 2 * static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      REQUIRE(got[2 * static_cast<std::size_t>(i)] == ok());
      REQUIRE(got[2 * static_cast<std::size_t>(i) + 1] == value(std::to_string(i)));
    }
    CHECK(bench.engine.begun == 1);
    CHECK(bench.engine.ended == 1);
  }
}

TEST_CASE("Dispatcher: a request without operations is answered by an empty frame",
          "[worker][dispatcher]") {
  Bench bench;
  Replies replies;
  REQUIRE(bench.dispatcher.run(request({}), replies));
  REQUIRE(replies.frames.size() == 1);
  CHECK(replies.frames[0].header.last);
  CHECK(replies.frames[0].header.count == 0);
  CHECK(replies.frames[0].body().empty());
}

TEST_CASE("Dispatcher: a reply says whose it is and what it answers", "[worker][dispatcher]") {
  Bench bench;
  Replies replies;
  REQUIRE(bench.dispatcher.run(request({{Opcode::count, {}, {}}}, 4711), replies));
  REQUIRE(replies.frames.size() == 1);
  const wire::FrameHeader& header = replies.frames[0].header;
  CHECK(header.kind == wire::FrameKind::reply);
  CHECK(header.node == node);
  CHECK(header.epoch == epoch);
  CHECK(header.slot == 2);
  CHECK(header.sequence == 4711);
  CHECK(header.count == 1);
  CHECK(header.last);
}

TEST_CASE("Dispatcher: a write's version is its place in the total order", "[worker][dispatcher]") {
  Bench bench;
  bench.run(puts_and_gets(2));  // operations 0 to 3 of sequence 100
  CHECK(bench.engine.versions == std::vector<Version>{100, 102});
}

TEST_CASE("Dispatcher: a part closes once it holds part_bytes", "[worker][dispatcher]") {
  // Each answer takes 8 + 92 = 100 bytes; a part is closed before the answer that finds 250 there.
  const std::string stored(92, 'v');
  Bench bench(250);
  bench.run_one({Opcode::put, "k", stored});
  const std::size_t batches_before = bench.engine.begun;

  Replies replies;
  REQUIRE(bench.dispatcher.run(request(std::vector<Asked>(7, {Opcode::get, "k", {}})), replies));
  REQUIRE(replies.frames.size() == 3);
  std::vector<std::uint32_t> counts;
  for (const wire::Frame& frame : replies.frames) {
    counts.push_back(frame.header.count);
    CHECK(frame.header.last == (&frame == &replies.frames.back()));
    CHECK(frame.header.slot == 2);
  }
  CHECK(counts == std::vector<std::uint32_t>{3, 3, 1});
  CHECK(replies.all() == std::vector<Answer>(7, value(stored)));
  CHECK(bench.engine.begun - batches_before == 3);
  CHECK(bench.engine.ended == bench.engine.begun);
}

TEST_CASE("Dispatcher: there is no empty last part", "[worker][dispatcher]") {
  Bench bench(100);
  bench.run_one({Opcode::put, "k", std::string(92, 'v')});
  Replies replies;
  REQUIRE(bench.dispatcher.run(request({{Opcode::get, "k", {}}, {Opcode::get, "k", {}}}), replies));
  REQUIRE(replies.frames.size() == 2);
  CHECK(replies.frames[0].header.count == 1);
  CHECK(replies.frames[1].header.count == 1);
}

TEST_CASE("Dispatcher: when a commit fails, the writes of that part do, and reads are answered",
          "[worker][dispatcher]") {
  Bench bench(30);  // two answers of 16 bytes, or four of 8, close a part
  bench.engine.fail_end = 2;
  const std::vector<Answer> got = bench.run({{Opcode::increment, "n", addend(1)},
                                             {Opcode::increment, "n", addend(1)},
                                             {Opcode::put, "a", "1"},
                                             {Opcode::get, "gone", {}},
                                             {Opcode::put, "b", "1"},
                                             {Opcode::put, "c", "1"},
                                             {Opcode::count, {}, {}}});
  const Answer failed = error(errc::storage_failure);
  REQUIRE(got.size() == 7);
  CHECK(std::vector(got.begin(), got.begin() + 2) == std::vector{integer(1), integer(2)});
  CHECK(std::vector(got.begin() + 2, got.begin() + 6) ==
        std::vector<Answer>{failed, nil(), failed, failed});
  CHECK(got[6].kind == wire::ReplyKind::integer);
}

TEST_CASE("Dispatcher: nothing runs in a part that could not begin", "[worker][dispatcher]") {
  Bench bench;
  bench.engine.fail_begin = 1;
  CHECK(bench.run({{Opcode::put, "a", "1"}, {Opcode::statistics, {}, {}}}) ==
        std::vector<Answer>(2, error(errc::storage_failure)));
  CHECK(bench.engine.calls == 0);
  CHECK(bench.engine.ended == 0);
  CHECK(bench.run({{Opcode::get, "a", {}}}) == std::vector{nil()});
}

TEST_CASE("Dispatcher: frames for another node, incarnation or purpose are refused",
          "[worker][dispatcher]") {
  const std::vector<Asked> put{{Opcode::put, "k", "v"}};
  CHECK_FALSE(is_refused(request(put)));
  wire::Frame frame = request(put);
  frame.header.node = NodeId{to_number(node) + 1};
  CHECK(is_refused(frame));
  frame = request(put);
  frame.header.epoch = epoch - 1;
  CHECK(is_refused(frame));
  for (const auto kind : {wire::FrameKind::reply, wire::FrameKind::shutdown}) {
    frame = request(put);
    frame.header.kind = kind;
    CHECK(is_refused(frame));
  }
}

TEST_CASE("Dispatcher: a body that is not what its header says is refused as a whole",
          "[worker][dispatcher]") {
  const std::vector<Asked> operations{{Opcode::put, "key", "value"}, {Opcode::clear, {}, {}}};
  const wire::Frame whole = request(operations);
  REQUIRE_FALSE(is_refused(whole));

  for (std::size_t cut = 1; cut <= whole.body_size(); ++cut) {
    CAPTURE(cut);
    wire::Frame frame = request(operations);
    frame.bytes().drop_back(cut);
    REQUIRE(is_refused(frame));
  }
  for (const std::uint32_t count : {0U, 1U, 3U, 0xffff'ffffU}) {
    CAPTURE(count);
    wire::Frame frame = request(operations);
    frame.header.count = count;
    CHECK(is_refused(frame));
  }
  for (const int opcode : {0, static_cast<int>(wire::last_opcode) + 1, 255}) {
    wire::Frame frame = request(operations);
    const std::size_t second = wire::header_bytes + wire::operation_overhead_bytes + 3 + 5;
    frame.bytes().data()[second] = static_cast<char>(opcode);
    CHECK(is_refused(frame));
  }
}

TEST_CASE("Dispatcher: a batch is brought to the disk once if any of it asks for that",
          "[worker][dispatcher]") {
  Bench bench;
  CHECK(bench.run({{Opcode::put, "a", "1"}, {Opcode::get, "a", {}}}) ==
        std::vector{ok(), value("1")});
  CHECK(bench.engine.flushed == 0);
  CHECK(bench.run({{Opcode::put, "a", "2"},
                   {Opcode::put, "b", "2", wire::on_disk},
                   {Opcode::increment, "n", addend(1), wire::on_disk},
                   {Opcode::get, "a", {}}}) == std::vector{ok(), ok(), integer(1), value("2")});
  CHECK(bench.engine.flushed == 1);
  CHECK(bench.run_one({Opcode::put, "c", "3", wire::put_only_if_absent | wire::on_disk}) == ok());
  CHECK(bench.run_one({Opcode::put, "c", "4", wire::put_only_if_absent | wire::on_disk}) == nil());
  CHECK(bench.engine.flushed == 3);
  CHECK(bench.run_one({Opcode::sync, {}, {}, wire::on_disk}) == ok());
  CHECK(bench.engine.flushed == 4);
}

TEST_CASE("Dispatcher: what does not come to the disk is an error, and reads are answered",
          "[worker][dispatcher]") {
  Bench bench;
  bench.engine.fail_flush = true;
  const Answer failed = error(errc::storage_failure);
  CHECK(bench.run({{Opcode::put, "a", "1"},
                   {Opcode::put, "b", "1", wire::on_disk},
                   {Opcode::get, "gone", {}},
                   {Opcode::sync, {}, {}, wire::on_disk}}) ==
        std::vector{failed, failed, nil(), failed});
  CHECK(bench.run_one({Opcode::put, "a", "2"}) == ok());
  bench.engine.fail_flush = false;
  bench.engine.fail_end = bench.engine.ended + 1;
  CHECK(bench.run_one({Opcode::put, "a", "3", wire::on_disk}) == failed);
  CHECK(bench.engine.flushed == 1);  // nothing was there to be brought to it
}

TEST_CASE("Dispatcher: the writes of one command are in one part, however many",
          "[worker][dispatcher]") {
  Bench bench(64);
  constexpr std::uint32_t count = 100;
  wire::Frame frame = request({});
  frame.header.count = count + 1;
  for (std::uint32_t i = 0; i < count; ++i)
    wire::append_operation(frame.bytes(), {Opcode::put, 0, 5, "k" + std::to_string(i), "v"});
  wire::append_operation(frame.bytes(), {Opcode::put, 0, 6, "next", "v"});
  Replies replies;
  REQUIRE(bench.dispatcher.run(frame, replies));
  REQUIRE(replies.frames.size() == 2);
  CHECK(replies.frames[0].header.count == count);
  CHECK(replies.frames[1].header.count == 1);
  CHECK(bench.engine.begun == 2);
}

TEST_CASE("Dispatcher: an answer for which there is no memory is an error, and the others come",
          "[worker][dispatcher]") {
  Bench bench;
  bench.run({{Opcode::put, "k", "v"}});
  bench.engine.no_memory = true;
  CHECK(bench.run({{Opcode::put, "a", "1"}, {Opcode::get, "k", {}}, {Opcode::put, "b", "2"}}) ==
        std::vector{ok(), error(errc::out_of_memory), ok()});
  bench.engine.no_memory = false;
  CHECK(bench.run({{Opcode::get, "k", {}}, {Opcode::count, {}, {}}}) ==
        std::vector{value("v"), integer(3)});
}

TEST_CASE("Dispatcher: a reply says what the engine holds behind it", "[worker][dispatcher]") {
  Bench bench;
  Replies replies;
  REQUIRE(bench.dispatcher.run(request({{Opcode::put, "k", std::string(100'000, 'v')}}), replies));
  CHECK(replies.frames[0].header.stored_bytes == bench.engine.bytes());
  CHECK(replies.frames[0].header.stored_bytes > 100'000);
}

TEST_CASE("Dispatcher: a record is given to the engine, with its place in the order",
          "[worker][dispatcher]") {
  Bench bench;
  std::string record(8, '\0');
  store(record.data(), std::uint64_t{77});
  CHECK(bench.run({{Opcode::get, "k", {}}, {Opcode::record, {}, record + "what"}}) ==
        std::vector{nil(), ok()});
  CHECK(bench.engine.records == std::vector<WatchedEngine::Record>{{101, 77, "what", 1}});
  // One with nothing in it tells what is settled; one that is cut off, nothing.
  CHECK(bench.run_one({Opcode::record, {}, record}) == ok());
  CHECK(bench.run_one({Opcode::record, {}, record.substr(1)}) == error(errc::malformed_frame));
  CHECK(bench.run_one({Opcode::record, {}, record, wire::read_as_of}) ==
        error(errc::malformed_frame));
  CHECK(bench.engine.records.size() == 2);
}

TEST_CASE("Dispatcher: a record is not parted from the writes of its command",
          "[worker][dispatcher]") {
  Bench bench(100);
  bench.run_one({Opcode::put, "k", std::string(200, 'v')});
  wire::Frame frame = request({{Opcode::get, "k", {}}});
  const auto add = [&frame](Opcode opcode, std::string_view key, std::string_view value,
                            std::uint32_t offset) {
    wire::append_operation(frame.bytes(), {opcode, 0, offset, key, value, 0});
    ++frame.header.count;
  };
  add(Opcode::record, {}, std::string(8, '\0'), 1);
  for (int i = 0; i < 40; ++i)  // their answers take more than a part
    add(Opcode::put, "key" + std::to_string(i), "value", 1);
  add(Opcode::get, "k", {}, 2);
  Replies replies;
  REQUIRE(bench.dispatcher.run(frame, replies));
  REQUIRE(replies.frames.size() == 3);
  CHECK(replies.frames[0].header.count == 1);
  CHECK(replies.frames[1].header.count == 41);
  CHECK(bench.engine.records.front().batch == 3);  // the first was that of the put
}

TEST_CASE("Dispatcher: an engine learns the newest place that a batch has got to",
          "[worker][dispatcher]") {
  Bench bench;
  wire::Frame frame = request({});
  for (const std::uint32_t offset : {0U, 7U, 3U}) {  // the last was held back for a copy
    wire::append_operation(frame.bytes(), {Opcode::remove, 0, offset, "k", {}, 0});
    ++frame.header.count;
  }
  Replies replies;
  REQUIRE(bench.dispatcher.run(frame, replies));
  CHECK(bench.engine.reached == 107);
}
