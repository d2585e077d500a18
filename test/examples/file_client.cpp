#include "pkv/file_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <cstdlib>
#include <iostream>

namespace asio = boost::asio;

asio::awaitable<int> talk(std::string host, std::uint16_t port) {
  pkv::Client client(co_await asio::this_coro::executor);
  const auto connected = co_await client.connect(host, port);
  if (!connected) {
    std::cerr << "cannot connect: " << connected.error().message() << '\n';
    co_return EXIT_FAILURE;
  }

  pkv::FileClient files(client);
  pkv::StringSource poem("Tiger, tiger, burning bright\n");
  const auto stored = co_await files.put("poems/tiger.txt", poem);
  if (!stored) {
    std::cerr << "cannot store it: " << stored.error().text << '\n';
    co_return EXIT_FAILURE;
  }

  pkv::StringSink word;
  const pkv::FileRange second{.offset = 7, .bytes = 5};
  const auto read = co_await files.get("poems/tiger.txt", word, second);
  if (read) std::cout << word.bytes() << " of " << read->size_bytes << " bytes\n";
  co_return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  const std::string host = argc > 1 ? argv[1] : "127.0.0.1";
  const int port = argc > 2 ? std::atoi(argv[2]) : 7379;
  asio::io_context io;
  auto status = asio::co_spawn(io, talk(host, static_cast<std::uint16_t>(port)), asio::use_future);
  io.run();
  return status.get();
}
