// A program of somebody else who has installed pkv: it uses a ring, a store in its own process, and
// a client on a server. It ends with 0 when they do what they say.
#include "pkv/client.hpp"
#include "pkv/kv_store.hpp"
#include "pkv/ring.hpp"
#include "pkv/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>

namespace {

bool ring_works() {
  const pkv::Ring ring({{.id = pkv::NodeId{1}}, {.id = pkv::NodeId{2}}});
  const pkv::Ring smaller = ring.without_node(ring.owner("city"));
  return smaller.owner("city") != ring.owner("city");
}

bool store_works() {
  pkv::KVStore store;
  return store.create("city", "Paris").has_value() && store.read("city").value() == "Paris" &&
         store.create("city", "Lyon").error() == pkv::errc::key_exists;
}

boost::asio::awaitable<bool> client_works(std::uint16_t port) {
  pkv::Client client(co_await boost::asio::this_coro::executor);
  const auto connected = co_await client.connect("127.0.0.1", port);
  if (!connected) co_return false;
  const auto created = co_await client.create("city", "Paris");
  const auto city = co_await client.read("city");
  if (!created || !city) co_return false;
  co_return *city == "Paris";
}

bool client_and_server_work() {
  boost::asio::io_context io;
  pkv::Server server(io, {}, 2);
  bool worked = false;
  const auto finish = [&](const std::exception_ptr& failure, bool result) {
    worked = !failure && result;
    server.stop(std::chrono::seconds(5), [] {});
  };
  boost::asio::co_spawn(io, client_works(server.port()), finish);
  io.run();
  return worked;
}

bool report(const char* part, bool works) {
  std::cout << part << (works ? " works\n" : " does not work\n");
  return works;
}

}  // namespace

int main() {
  bool all = report("ring", ring_works());
  all = report("store", store_works()) && all;
  all = report("client and server", client_and_server_work()) && all;
  return all ? 0 : 1;
}
