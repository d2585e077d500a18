#include "base/hash.hpp"
#include "worker/worker_support.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::Opcode;

namespace {

constexpr std::size_t large = std::size_t{256} << 10;

struct Told {
  std::vector<Answer> all;
  std::vector<std::string> tails;  // of each frame
  std::vector<std::optional<std::uint64_t>> checksums;
};

/// As a WorkerLoop: takes frames with a tail.
class TailReplies final : public ReplySink {
 public:
  [[nodiscard]] ByteBuffer take_buffer() override { return {}; }
  [[nodiscard]] bool takes_tails() const noexcept override { return true; }
  void send(wire::Frame reply) override {
    told.tails.emplace_back(reply.tail.bytes());
    told.checksums.push_back(reply.tail.checksum());
    reply.join_tail();
    for (Answer& answer : answers(reply))
      told.all.push_back(std::move(answer));
  }

  Told told;
};

/// A memory engine and a dispatcher, that of a worker that is asked over MPI.
struct Worker {
  KVStore store;
  Dispatcher dispatcher{store, node, epoch, large / 2};

  Told run(wire::Frame frame) {
    TailReplies replies;
    REQUIRE(dispatcher.run(std::move(frame), replies));
    return std::move(replies.told);
  }
};

/// The request as it comes in two messages, the value being the second.
wire::Frame received(const Asked& put, std::uint64_t sequence = 100) {
  const wire::Frame built = request({put}, sequence);
  ByteBuffer bytes(built.bytes().size() + 16);
  bytes.append(built.bytes().view());
  wire::Frame frame(built.header, std::move(bytes));
  frame.lead_bytes = frame.body_size() - put.value.size();
  frame.rest_checksum = hash_bytes(put.value);
  return frame;
}

}  // namespace

TEST_CASE("Dispatcher: a value that came in memory of its own stays there", "[worker][large]") {
  const std::int64_t expires_at = GENERATE(std::int64_t{0}, std::int64_t{1'000'000'000'000'000});
  Worker worker;
  const std::string bytes(large, 'v');
  wire::Frame frame = received({Opcode::put, "k", bytes, 0, expires_at});
  const char* const place = frame.body().data() + frame.lead_bytes;
  CHECK(worker.run(std::move(frame)).all == std::vector{ok()});
  REQUIRE(worker.store.find("k").has_value());
  CHECK(worker.store.find("k")->value.data() == place);
  CHECK(worker.store.find("k")->expires_at == expires_at);

  const Told got = worker.run(request({{Opcode::get, "k", {}}}));
  CHECK(got.all == std::vector{value(bytes)});
  CHECK(got.tails == std::vector{bytes});
  CHECK(got.checksums.front() == hash_bytes(bytes));
}

TEST_CASE("Dispatcher: a checksum of more than the value is not the value's", "[worker][large]") {
  Worker worker;
  wire::Frame frame = received({Opcode::put, "k", std::string(large, 'v')});
  frame.lead_bytes = 0;
  worker.run(std::move(frame));
  CHECK_FALSE(worker.run(request({{Opcode::get, "k", {}}})).checksums.front());
}

TEST_CASE("Dispatcher: a large value that may not be stored leaves what there was",
          "[worker][large]") {
  Worker worker;
  const std::string bytes(large, 'v');
  worker.run(received({Opcode::put, "k", bytes}));
  const std::string other(large, 'o');
  CHECK(worker.run(received({Opcode::put, "k", other, wire::put_only_if_absent})).all ==
        std::vector{nil()});
  CHECK(worker.run(received({Opcode::put, "k", other, wire::put_return_old})).all ==
        std::vector{value(bytes)});
  CHECK(worker.run(request({{Opcode::read, "k", {}}})).all == std::vector{value(other)});

  Limits limits;
  limits.max_value_bytes = large;
  KVStore narrow(limits);
  Dispatcher dispatcher(narrow, node, epoch, large / 2);
  TailReplies replies;
  REQUIRE(dispatcher.run(received({Opcode::put, "k", bytes + "v"}), replies));
  CHECK(replies.told.all == std::vector{error(errc::value_too_long)});
  CHECK(narrow.empty());
}

TEST_CASE("Dispatcher: large values are read among other operations", "[worker][large]") {
  Worker worker;
  const std::string bytes(large, 'v');
  worker.run(request({{Opcode::put, "k", bytes}, {Opcode::put, "short", "s"}}));
  const Told got = worker.run(request({{Opcode::get, "short", {}},
                                       {Opcode::get, "k", {}},
                                       {Opcode::exists, "k", {}},
                                       {Opcode::append, "k", "t"},
                                       {Opcode::read, "k", {}},
                                       {Opcode::get, "none", {}},
                                       {Opcode::read, "none", {}}}));
  CHECK(got.all == std::vector{value("s"), value(bytes), integer(1), integer(large + 1),
                               value(bytes + "t"), nil(), error(errc::key_not_found)});
  CHECK(got.tails == std::vector{bytes, bytes + "t", std::string()});
}

TEST_CASE("Dispatcher: a sink that takes no tails gets whole frames", "[worker][large]") {
  Worker worker;
  const std::string bytes(large, 'v');
  worker.run(received({Opcode::put, "k", bytes}));
  Replies replies;
  REQUIRE(worker.dispatcher.run(request({{Opcode::get, "k", {}}}), replies));
  CHECK_FALSE(replies.frames.front().tail);
  CHECK(replies.all() == std::vector{value(bytes)});
}

TEST_CASE("Dispatcher: a batch that is undone takes a received value with it", "[worker][large]") {
  Bench bench;
  const std::string bytes(large, 'v');
  bench.engine.fail_end = 1;
  Replies replies;
  REQUIRE(bench.dispatcher.run(received({Opcode::put, "k", bytes}), replies));
  CHECK(replies.all() == std::vector{error(errc::storage_failure)});
}

TEST_CASE("Dispatcher: what a received value replaces can be asked for as of before",
          "[worker][large]") {
  Worker worker;
  const std::string bytes(large, 'v');
  const auto run = [&](wire::Frame frame) {
    frame.header.stable = 50;
    return worker.run(std::move(frame));
  };
  run(received({Opcode::put, "k", bytes}, 100));
  run(received({Opcode::put, "k", std::string(large, 'n')}, 200));
  CHECK(run(request({{Opcode::get, "k", {}, wire::read_as_of}}, 150)).all ==
        std::vector{value(bytes)});
  CHECK(run(request({{Opcode::get, "k", {}, wire::read_as_of}}, 99)).all == std::vector{nil()});
  CHECK(run(request({{Opcode::get, "k", {}}}, 300)).all ==
        std::vector{value(std::string(large, 'n'))});
}
