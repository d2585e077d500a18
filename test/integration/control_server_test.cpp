#include "pkv_server/control_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pkv::server {
namespace {

namespace asio = boost::asio;
namespace control = mpi::control;
using namespace std::chrono_literals;

constexpr auto patience = 20s;

/// A control server for two workers, and what it has told.
struct Served {
  asio::io_context io;
  ControlServer server;
  std::vector<WorkerReady> ready;
  std::vector<WorkerLost> lost;

  explicit Served(WorkerWatch::Patience watch = {1000, 1000}) : server(io, {2, true, watch}) {
    server.on_ready([this](const WorkerReady& one) { ready.push_back(one); });
    server.on_lost([this](const WorkerLost& one) { lost.push_back(one); });
  }

  [[nodiscard]] control::Endpoint endpoint() const {
    return control::decode_endpoint(server.endpoint()).value();
  }

  template <class Condition>
  bool run_until(Condition condition) {
    const auto give_up_at = std::chrono::steady_clock::now() + patience;
    while (!condition() && std::chrono::steady_clock::now() < give_up_at)
      io.run_one_for(100ms);
    return condition();
  }
};

/// A keeper, or somebody who claims to be one.
class Client {
 public:
  explicit Client(Served& served) : served_(served) {
    socket_.connect(
        {asio::ip::make_address(served.endpoint().addresses.front()), served.endpoint().port});
  }

  void send(const std::string& bytes) {
    boost::system::error_code cut;
    asio::write(socket_, asio::buffer(bytes), cut);
  }
  void say(const control::Report& report) { send(control::encode(report)); }
  void hello(int rank) { say(control::Hello{served_.endpoint().token, rank, "there"}); }

  /// Calls back when the next order has come.
  void on_order(std::function<void()> call) {
    asio::async_read_until(
        socket_, received_, '\n',
        [call = std::move(call)](const boost::system::error_code& error, std::size_t) {
          if (!error) call();
        });
  }

  /// The next order, without newline; "end" if the server closes the connection.
  std::string next() {
    std::string line;
    asio::async_read_until(socket_, received_, '\n',
                           [&](const boost::system::error_code& error, std::size_t) {
                             if (error) {
                               line = "end";
                               return;
                             }
                             std::istream text(&received_);
                             std::getline(text, line);
                           });
    CHECK(served_.run_until([&] { return !line.empty(); }));
    return line;
  }

 private:
  Served& served_;
  asio::ip::tcp::socket socket_{served_.io};
  asio::streambuf received_;
};

TEST_CASE("ControlServer: tells of a worker's processes, one after the other",
          "[server][control]") {
  Served served;
  Client keeper(served);
  keeper.hello(2);
  keeper.say(control::Started{1, 4711});
  keeper.say(control::Ready{1, 4711, std::string("\0x\n", 3)});
  REQUIRE(served.run_until([&] { return served.ready.size() == 1; }));
  CHECK(served.ready[0].worker == 1);
  CHECK(served.ready[0].epoch == 1);
  CHECK(served.ready[0].process_id == 4711);
  CHECK(served.ready[0].host == "there");
  CHECK(served.ready[0].address == std::string("\0x\n", 3));
  CHECK(served.server.unheard_workers() == std::vector<std::size_t>{0});
  keeper.say(control::Dead{1, "was killed by signal 9"});
  keeper.say(control::Ready{2, 4712, "y"});
  REQUIRE(served.run_until([&] { return served.ready.size() == 2; }));
  REQUIRE(served.lost.size() == 1);
  CHECK(served.lost[0].worker == 1);
  CHECK(served.lost[0].epoch == 1);
  CHECK(served.lost[0].why == "was killed by signal 9");
  CHECK(served.lost[0].keeper_present);
  CHECK(served.ready[1].epoch == 2);
}

TEST_CASE("ControlServer: hears nobody without the token, or out of bounds", "[server][control]") {
  Served served;
  const std::string token = served.endpoint().token;
  CHECK(token.size() == 32);
  const std::vector<std::string> attempts{
      "hello wrong 1 there\n",
      "hello " + token.substr(1) + " 1 there\n",
      "hello " + token + "0 1 there\n",
      "hello " + token + " 0 there\n",
      "hello " + token + " 3 there\n",
      "hello " + token + " -1 there\n",
      "ready 1 4711 78\n",
      "GET / HTTP/1.1\r\n",
      "\n",
      std::string(control::longest_line_bytes + 1, 'x'),
      "hello " + token + " 1 there\nnonsense\n",
      "hello " + token + " 1 there\n" + std::string(control::longest_line_bytes + 1, 'x')};
  for (const std::string& attempt : attempts) {
    CAPTURE(attempt);
    Client client(served);
    client.send(attempt);
    CHECK(client.next() == "end");
  }
  CHECK(served.ready.empty());
}

TEST_CASE("ControlServer: a process that is replaced is ended, and not told of again",
          "[server][control]") {
  Served served;
  Client keeper(served);
  keeper.hello(1);
  keeper.say(control::Ready{1, 4711, "x"});
  REQUIRE(served.run_until([&] { return served.ready.size() == 1; }));
  served.server.replace(0, 1);
  CHECK(keeper.next() == "restart 1");
  keeper.say(control::Dead{1, "was killed"});
  keeper.say(control::Ready{2, 4712, "y"});
  REQUIRE(served.run_until([&] { return served.ready.size() == 2; }));
  CHECK(served.lost.empty());
  served.server.kill(0);
  CHECK(keeper.next() == "kill");
}

TEST_CASE("ControlServer: an order that came while the keeper was away is given when it is back",
          "[server][control]") {
  Served served;
  {
    Client keeper(served);
    keeper.hello(1);
    keeper.say(control::Ready{1, 4711, "x"});
    REQUIRE(served.run_until([&] { return served.ready.size() == 1; }));
  }
  served.server.replace(0, 1);
  Client keeper(served);
  keeper.hello(1);
  CHECK(keeper.next() == "restart 1");
}

TEST_CASE("ControlServer: silence is loss, with or without a connection", "[server][control]") {
  const bool connected = GENERATE(false, true);
  CAPTURE(connected);
  Served served({2, 1000});
  std::optional<Client> keeper(std::in_place, served);
  keeper->hello(1);
  keeper->say(control::Ready{1, 4711, "x"});
  REQUIRE(served.run_until([&] { return served.ready.size() == 1; }));
  if (!connected) keeper.reset();
  REQUIRE(served.run_until([&] { return served.lost.size() == 1; }));
  CHECK(served.lost[0].keeper_present == connected);
  if (!connected) {
    keeper.emplace(served);
    keeper->hello(1);
    keeper->say(control::Ready{1, 4711, "x"});  // as if nothing had happened
  }
  CHECK(keeper->next() == "restart 1");
  CHECK(served.ready.size() == 1);
}

TEST_CASE("ControlServer: a cut connection is no loss if the keeper is back soon",
          "[server][control]") {
  Served served;
  std::optional<Client> keeper(std::in_place, served);
  keeper->hello(1);
  keeper->say(control::Ready{1, 4711, "x"});
  REQUIRE(served.run_until([&] { return served.ready.size() == 1; }));
  // The new connection may be there before the end of the old one is noticed.
  Client again(served);
  again.hello(1);
  again.say(control::Ready{1, 4711, "x"});
  CHECK(keeper->next() == "end");
  keeper.reset();
  served.server.kill(0);
  CHECK(again.next() == "kill");
  CHECK(served.lost.empty());
  CHECK(served.ready.size() == 1);
}

TEST_CASE("ControlServer: tells all keepers to leave, also when nobody runs it any more",
          "[server][control]") {
  Served served;
  Client first(served);
  Client second(served);
  first.hello(1);
  first.say(control::Ready{1, 1, ""});
  second.hello(2);
  second.say(control::Ready{1, 2, ""});
  REQUIRE(served.run_until([&] { return served.ready.size() == 2; }));
  // They do not go, so that this waits for as long as it may.
  CHECK_FALSE(served.server.leave_all(1ms));
  CHECK(first.next() == "leave");
  CHECK(second.next() == "leave");
}

TEST_CASE("ControlServer: knows whether all keepers have left", "[server][control]") {
  enum class Second { leaves, was_cut_off, stays };
  const Second does = GENERATE(Second::leaves, Second::was_cut_off, Second::stays);
  CAPTURE(static_cast<int>(does));
  Served served;
  std::optional<Client> first(std::in_place, served);
  std::optional<Client> second(std::in_place, served);
  first->hello(1);
  first->say(control::Ready{1, 1, ""});
  second->hello(2);
  second->say(control::Ready{1, 2, ""});
  REQUIRE(served.run_until([&] { return served.ready.size() == 2; }));
  if (does == Second::was_cut_off) {
    second.reset();
    served.io.poll();  // notices it
  }
  bool first_has_left = false;
  first->on_order([&] {
    first_has_left = true;
    first.reset();
  });
  if (does == Second::leaves) second->on_order([&] { second.reset(); });
  const auto limit = does == Second::leaves ? std::chrono::milliseconds(patience) : 100ms;
  CHECK(served.server.leave_all(limit) == (does == Second::leaves));
  CHECK(first_has_left);
}

TEST_CASE("ControlServer: what happens while nobody runs it is told later", "[server][control]") {
  Served served;
  Client keeper(served);
  keeper.hello(1);
  keeper.say(control::Ready{1, 4711, "x"});
  std::vector<WorkerReady> later;
  REQUIRE(served.run_until([&] { return served.ready.size() == 1; }));
  served.io.stop();
  keeper.say(control::Ready{2, 4712, "y"});
  served.server.on_ready([&](const WorkerReady& one) { later.push_back(one); });
  served.io.restart();
  CHECK(served.run_until([&] { return later.size() == 1; }));
}

}  // namespace
}  // namespace pkv::server
