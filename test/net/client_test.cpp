#include "pkv/client.hpp"

#include "support/fake_server.hpp"
#include "support/run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <numeric>

namespace asio = boost::asio;
using namespace pkv;
using test::FakeServer;
using test::run;

namespace {

/// Answers every command with its last word as a bulk.
std::string echo(std::span<const std::string_view> words) {
  std::string reply;
  append_reply(reply, Reply::bulk(std::string(words.back())));
  return reply;
}

asio::awaitable<void> echo_commands(FakeServer::Tcp::socket socket) {
  return test::answer_commands(std::move(socket), echo);
}

/// Answers every command with the same bytes.
FakeServer::Script always(std::string reply) {
  return [reply](FakeServer::Tcp::socket socket) {
    test::Answer answer = [reply](std::span<const std::string_view>) { return reply; };
    return test::answer_commands(std::move(socket), std::move(answer));
  };
}

asio::awaitable<void> connect(Client& client, const FakeServer& server) {
  const auto connected = co_await client.connect("127.0.0.1", server.port());
  REQUIRE(connected.has_value());
}

}  // namespace

TEST_CASE("Client: a command's reply comes back whatever bytes it holds", "[client]") {
  asio::io_context io;
  FakeServer server(io, echo_commands);
  Client client(io.get_executor());
  CHECK_FALSE(client.is_connected());
  run(io, connect(client, server));
  CHECK(client.is_connected());

  std::string every_byte(256, '\0');
  std::iota(every_byte.begin(), every_byte.end(), '\0');
  for (const std::string& value : {std::string(), std::string("\r\n"), every_byte}) {
    const auto reply = run(io, client.execute(Command("ECHO", value)));
    REQUIRE(reply.has_value());
    CHECK(*reply == Reply::bulk(value));
  }
}

TEST_CASE("Client: a reply much larger than its buffers arrives whole", "[client]") {
  asio::io_context io;
  FakeServer server(io, echo_commands);
  Client client(io.get_executor());
  run(io, connect(client, server));

  std::string value(std::size_t{20} << 20, '\0');
  for (std::size_t at = 0; at < value.size(); ++at)
    value[at] = static_cast<char>(at % 251);
  const auto large = run(io, client.execute(Command("ECHO", value)));
  REQUIRE(large.has_value());
  CHECK(large->text() == value);
  const auto small = run(io, client.execute(Command("ECHO", "after")));
  REQUIRE(small.has_value());
  CHECK(small->text() == "after");
}

TEST_CASE("Client: replies cut at any byte are put together again", "[client]") {
  const std::string stream = "*3\r\n:1\r\n$-1\r\n$5\r\nab\r\nc\r\n-NOTFOUND no such key\r\n+OK\r\n";
  const std::vector<Reply> expected{
      Reply::array({Reply::integer(1), Reply::nil(), Reply::bulk("ab\r\nc")}),
      Reply::error("NOTFOUND no such key"), Reply::status("OK")};
  Pipeline pipeline;
  pipeline.add("A").add("B").add("C");

  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    CAPTURE(cut);
    test::Recital recital;
    recital.request_bytes = pipeline.encoded().size();
    if (cut == 0) {
      for (const char byte : stream)
        recital.pieces.emplace_back(1, byte);
    } else {
      recital.pieces = {stream.substr(0, cut), stream.substr(cut)};
    }
    asio::io_context io;
    FakeServer server(io, [&](auto socket) { return test::recite(std::move(socket), recital); });
    Client client(io.get_executor());
    run(io, connect(client, server));
    const auto replies = run(io, client.execute(pipeline));
    REQUIRE(replies.has_value());
    CHECK(*replies == expected);
  }
}

TEST_CASE("Client: ten thousand commands in one pipeline are answered in order", "[client]") {
  asio::io_context io;
  FakeServer server(io, echo_commands);
  Client client(io.get_executor());
  run(io, connect(client, server));

  Pipeline pipeline;
  for (int number = 0; number < 10'000; ++number)
    pipeline.add("ECHO", number);
  const auto replies = run(io, client.execute(pipeline));
  REQUIRE(replies.has_value());
  REQUIRE(replies->size() == 10'000);
  bool in_order = true;
  for (std::size_t at = 0; at < replies->size(); ++at) {
    in_order = in_order && (*replies)[at].text() == std::to_string(at);
  }
  CHECK(in_order);
}

TEST_CASE("Client: an empty pipeline has no replies and sends nothing", "[client]") {
  asio::io_context io;
  Client client(io.get_executor());
  const auto replies = run(io, client.execute(Pipeline()));
  REQUIRE(replies.has_value());
  CHECK(replies->empty());
}

namespace {

asio::awaitable<void> ask(Client& client, int number, int& wrong) {
  for (int turn = 0; turn < 5; ++turn) {
    const std::string word = std::to_string(number) + ":" + std::to_string(turn);
    const auto reply = co_await client.execute(Command("ECHO", word));
    if (!reply || reply->text() != word) ++wrong;
  }
}

}  // namespace

TEST_CASE("Client: coroutines that share a connection each get their own replies", "[client]") {
  asio::io_context io;
  std::vector<std::string> served;
  test::Answer answer = [&](std::span<const std::string_view> words) {
    served.emplace_back(words.back());
    return echo(words);
  };
  FakeServer server(io,
                    [&](auto socket) { return test::answer_commands(std::move(socket), answer); });
  Client client(io.get_executor());
  run(io, connect(client, server));

  int wrong = 0;
  std::vector<std::future<void>> askers;
  for (int number = 0; number < 200; ++number) {
    askers.push_back(co_spawn(io, ask(client, number, wrong), asio::use_future));
  }
  run(io, ask(client, 200, wrong));
  for (std::future<void>& asker : askers)
    asker.get();
  CHECK(wrong == 0);
  REQUIRE(served.size() == 201 * 5);
  for (std::size_t at = 0; at < 201; ++at)
    CHECK(served[at] == std::to_string(at) + ":0");
}

TEST_CASE("Client: typed calls send the commands they are named for", "[client]") {
  asio::io_context io;
  std::vector<std::string> sent;
  test::Answer answer = [&](std::span<const std::string_view> words) -> std::string {
    std::string line;
    for (const auto word : words)
      line.append(line.empty() ? "" : " ").append(word);
    sent.push_back(line);
    if (words[0] == "R") return "$3\r\nred\r\n";
    if (words[0] == "EXISTS") return words[1] == "color" ? ":1\r\n" : ":0\r\n";
    if (words[0] == "INCRBY") return ":-9223372036854775808\r\n";
    return "+OK\r\n";
  };
  FakeServer server(io,
                    [&](auto socket) { return test::answer_commands(std::move(socket), answer); });
  Client client(io.get_executor());
  run(io, connect(client, server));

  CHECK(run(io, client.create("color", "red")).has_value());
  CHECK(run(io, client.read("color")).value() == "red");
  CHECK(run(io, client.update("color", "")).has_value());
  CHECK(run(io, client.erase("color")).has_value());
  CHECK(run(io, client.put("color", "a b")).has_value());
  CHECK(run(io, client.exists("color")).value());
  CHECK_FALSE(run(io, client.exists("colour")).value());
  CHECK(run(io, client.increment("n", -2)).value() == std::numeric_limits<std::int64_t>::min());
  CHECK(run(io, client.ping()).has_value());
  CHECK(sent == std::vector<std::string>{"C color red", "R color", "U color ", "D color",
                                         "SET color a b", "EXISTS color", "EXISTS colour",
                                         "INCRBY n -2", "PING"});
}

TEST_CASE("Client: the server's errors become the library's", "[client]") {
  const std::map<std::string, errc> expected{
      {"EXISTS key already exists", errc::key_exists},
      {"NOTFOUND in other words", errc::key_not_found},
      {"ERR value is not an integer or out of range", errc::not_an_integer},
      {"ERR increment or decrement would overflow", errc::integer_overflow},
      {"BUSY later", errc::overloaded},
      {"NODEDOWN", errc::node_down},
      {"OOM", errc::out_of_memory},
      {"ERR something else", errc::command_refused},
      {"WRONGTYPE of value", errc::command_refused},
      {"", errc::command_refused},
  };
  for (const auto& [text, error] : expected) {
    CAPTURE(text);
    asio::io_context io;
    FakeServer server(io, always("-" + text + "\r\n"));
    Client client(io.get_executor());
    run(io, connect(client, server));
    CHECK(run(io, client.read("k")).error() == error);
    CHECK(run(io, client.create("k", "v")).error() == error);
    CHECK(run(io, client.exists("k")).error() == error);
    CHECK(run(io, client.increment("k")).error() == error);
    const auto reply = run(io, client.execute(Command("R", "k")));
    REQUIRE(reply.has_value());
    CHECK(reply->is_error());
    CHECK(reply->text() == text);
    CHECK(client.is_connected());
  }
}

TEST_CASE("Client: a reply of a kind that the command never has is a protocol error", "[client]") {
  asio::io_context io;
  FakeServer server(io, always("*0\r\n"));
  Client client(io.get_executor());
  run(io, connect(client, server));
  CHECK(run(io, client.read("k")).error() == errc::protocol_error);
  CHECK(run(io, client.put("k", "v")).error() == errc::protocol_error);
  CHECK(run(io, client.exists("k")).error() == errc::protocol_error);
}

TEST_CASE("Client: nil is a missing key where a value was asked for", "[client]") {
  asio::io_context io;
  FakeServer server(io, always("$-1\r\n"));
  Client client(io.get_executor());
  run(io, connect(client, server));
  CHECK(run(io, client.read("k")).error() == errc::key_not_found);
}
