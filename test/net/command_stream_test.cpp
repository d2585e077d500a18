#include "pkv/command_stream.hpp"

#include "support/fake_server.hpp"
#include "support/run.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

namespace asio = boost::asio;
using namespace pkv;
using test::FakeServer;
using test::run;

namespace {

struct Fixture {
  explicit Fixture(test::Answer answering) : answer(std::move(answering)) {
    REQUIRE(run(io, client.connect("127.0.0.1", server.port())).has_value());
  }

  CommandStream stream(CommandStreamOptions options = {}) {
    return {client, [this](std::span<Reply> replies) { take(replies); }, options};
  }

  void take(std::span<Reply> replies) {
    ++turns;
    for (Reply& reply : replies)
      received.push_back(std::move(reply).take_text());
  }

  test::Answer answer;
  asio::io_context io;
  FakeServer server{
      io, [this](auto socket) { return test::answer_commands(std::move(socket), answer); }};
  Client client{io.get_executor()};
  std::vector<std::string> received;
  std::size_t turns = 0;
};

std::string echo(std::span<const std::string_view> words) {
  std::string reply;
  append_reply(reply, Reply::bulk(std::string(words.back())));
  return reply;
}

Pipeline echoes(std::size_t first, std::size_t count) {
  Pipeline batch;
  for (std::size_t number = first; number < first + count; ++number)
    batch.add("ECHO", number);
  return batch;
}

/// Sends batches of growing size; notes the most that were unanswered.
asio::awaitable<result<void>> send_all(CommandStream& stream, std::size_t batches,
                                       std::size_t& most_unanswered) {
  std::size_t next = 0;
  for (std::size_t size = 0; size < batches; ++size) {
    auto sent = co_await stream.send(echoes(next, size));
    if (!sent) co_return sent;
    next += size;
    most_unanswered = std::max(most_unanswered, stream.unanswered());
  }
  co_return co_await stream.finish();
}

}  // namespace

TEST_CASE("CommandStream: every reply is handed over once and in order", "[client]") {
  Fixture f(echo);
  auto stream = f.stream();
  std::size_t most_unanswered = 0;
  REQUIRE(run(f.io, send_all(stream, 200, most_unanswered)).has_value());
  REQUIRE(f.received.size() == 199 * 200 / 2);
  bool in_order = true;
  for (std::size_t at = 0; at < f.received.size(); ++at) {
    in_order = in_order && f.received[at] == std::to_string(at);
  }
  CHECK(in_order);
  CHECK(stream.unanswered() == 0);
  CHECK(f.turns < f.received.size() / 10);  // they come many at a time
}

TEST_CASE("CommandStream: the window bounds what is unanswered", "[client]") {
  CommandStreamOptions options;
  SECTION("in commands") {
    options.window_commands = 100;
  }
  SECTION("in bytes") {
    options.window_bytes = 100 * Pipeline().add("ECHO", 1).encoded().size();
  }
  Fixture f(echo);
  auto stream = f.stream(options);
  std::size_t most_unanswered = 0;
  REQUIRE(run(f.io, send_all(stream, 150, most_unanswered)).has_value());
  CHECK(f.received.size() == 149 * 150 / 2);
  CHECK(most_unanswered <= 149);  // one batch may exceed the window, never two together
}

TEST_CASE("CommandStream: finish of an unused stream has nothing to wait for", "[client]") {
  Fixture f(echo);
  auto stream = f.stream();
  CHECK(run(f.io, stream.finish()).has_value());
  CHECK(run(f.io, stream.send(Pipeline())).has_value());
  CHECK(run(f.io, stream.finish()).has_value());
  CHECK(f.turns == 0);
}

TEST_CASE("CommandStream: what was answered before the connection was lost is handed over",
          "[client]") {
  std::size_t answered = 0;
  Fixture f([&](std::span<const std::string_view> words) {
    return answered++ == 7 ? std::string() : echo(words);
  });
  auto stream = f.stream();
  std::size_t most_unanswered = 0;
  const auto finished = run(f.io, send_all(stream, 20, most_unanswered));
  CHECK(finished.error() == errc::connection_lost);
  CHECK(f.received.size() == 7);
  CHECK(run(f.io, stream.send(echoes(0, 1))).error() == errc::connection_lost);
  CHECK(run(f.io, stream.finish()).error() == errc::connection_lost);
}

TEST_CASE("CommandStream: without a connection it fails at once", "[client]") {
  asio::io_context io;
  Client client(io.get_executor());
  CommandStream stream(client, [](std::span<Reply>) { FAIL("no reply can come"); });
  CHECK(run(io, stream.send(echoes(0, 1))).error() == errc::connection_lost);
}

TEST_CASE("CommandStream: destroyed early it leaves the connection in step", "[client]") {
  Fixture f(echo);
  {
    auto stream = f.stream();
    REQUIRE(run(f.io, stream.send(echoes(0, 1000))).has_value());
  }
  const auto reply = run(f.io, f.client.execute(Command("ECHO", "mine")));
  REQUIRE(reply.has_value());
  CHECK(reply->text() == "mine");
  CHECK(f.received.empty());
}

TEST_CASE("CommandStream: requests of others on the connection do not disturb it", "[client]") {
  Fixture f(echo);
  auto stream = f.stream();
  for (std::size_t number = 0; number < 50; ++number) {
    REQUIRE(run(f.io, stream.send(echoes(number, 1))).has_value());
    CHECK(run(f.io, f.client.read("other")).value() == "other");
  }
  REQUIRE(run(f.io, stream.finish()).has_value());
  REQUIRE(f.received.size() == 50);
  CHECK(f.received.back() == "49");
}

TEST_CASE("CommandStream: the consumer may close the client", "[client]") {
  Fixture f(echo);
  CommandStream stream(f.client, [&](std::span<Reply> replies) {
    f.take(replies);
    f.client.close();
  });
  std::size_t most_unanswered = 0;
  CHECK(run(f.io, send_all(stream, 100, most_unanswered)).error() == errc::connection_lost);
  CHECK(f.turns == 1);
}
