// Talks to a running pkv_server: async_client [HOST [PORT]]
#include "pkv/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace asio = boost::asio;

asio::awaitable<void> count_visit(pkv::Client& client) {
  const auto visits = co_await client.increment("visits");
  if (!visits) std::cerr << "not counted: " << visits.error().message() << '\n';
}

// A hundred coroutines share the connection. Nobody waits for another's answer before sending.
asio::awaitable<void> count_many_visits(pkv::Client& client) {
  const auto executor = co_await asio::this_coro::executor;
  const auto start = [&] { return asio::co_spawn(executor, count_visit(client), asio::deferred); };
  std::vector<decltype(start())> visits;
  for (int visit = 0; visit < 100; ++visit)
    visits.push_back(start());

  auto all = asio::experimental::make_parallel_group(std::move(visits));
  co_await all.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
}

asio::awaitable<int> talk(std::string host, std::uint16_t port) {
  pkv::Client client(co_await asio::this_coro::executor);
  const auto connected = co_await client.connect(host, port);
  if (!connected) {
    std::cerr << "cannot connect: " << connected.error().message() << '\n';
    co_return EXIT_FAILURE;
  }

  const auto created = co_await client.create("city", "Paris");
  if (!created && created.error() != pkv::errc::key_exists) {
    std::cerr << "cannot create: " << created.error().message() << '\n';
    co_return EXIT_FAILURE;
  }
  const auto city = co_await client.read("city");
  std::cout << "city: " << city.value() << '\n';  // throws if there is none

  co_await count_many_visits(client);
  const auto visits = co_await client.read("visits");
  std::cout << "visits: " << visits.value() << '\n';
  co_return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  const std::string host = argc > 1 ? argv[1] : "127.0.0.1";
  const int port = argc > 2 ? std::atoi(argv[2]) : 7379;
  asio::io_context io;
  auto status = asio::co_spawn(io, talk(host, static_cast<std::uint16_t>(port)), asio::use_future);
  io.run();
  try {
    return status.get();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
