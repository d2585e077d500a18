#include "support/fake_server.hpp"

#include "net/no_throw.hpp"
#include "protocol/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace pkv::test {

namespace asio = boost::asio;

FakeServer::FakeServer(asio::io_context& io, Script script)
    : acceptor_(io, {asio::ip::address_v4::loopback(), 0}), script_(std::move(script)) {
  accept();
}

void FakeServer::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, Tcp::socket socket) {
    if (error) return;
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, script_(std::move(socket)), asio::detached);
    accept();
  });
}

asio::awaitable<void> answer_commands(asio::ip::tcp::socket socket, Answer answer) {
  RequestParser parser{Limits{}};
  std::string unread;
  std::string chunk(std::size_t{64} << 10, '\0');
  for (;;) {
    auto [read_error, received] = co_await socket.async_read_some(asio::buffer(chunk), no_throw);
    if (read_error) co_return;
    unread.append(chunk, 0, received);

    std::string replies;
    bool hangs_up = false;
    std::string_view rest = unread;
    while (!hangs_up) {
      const ParseResult result = parser.next(rest);
      if (result.status == ParseStatus::complete) {
        const std::string reply = answer(parser.arguments());
        hangs_up = reply.empty();
        replies += reply;
      }
      rest.remove_prefix(result.consumed_bytes);
      if (result.status != ParseStatus::complete) break;
    }
    unread.erase(0, unread.size() - rest.size());
    auto [write_error, sent] = co_await asio::async_write(socket, asio::buffer(replies), no_throw);
    if (write_error || hangs_up) co_return;
  }
}

asio::awaitable<void> recite(asio::ip::tcp::socket socket, Recital recital) {
  socket.set_option(asio::ip::tcp::no_delay(true));
  std::string request(recital.request_bytes, '\0');
  auto [read_error, received] = co_await asio::async_read(socket, asio::buffer(request), no_throw);
  if (read_error) co_return;
  for (const std::string& piece : recital.pieces) {
    auto [write_error, sent] = co_await asio::async_write(socket, asio::buffer(piece), no_throw);
    if (write_error) co_return;
    // Lets the client's handlers run, so that it sees the pieces one by one.
    for (int turn = 0; turn < 3; ++turn)
      co_await asio::post(asio::use_awaitable);
  }
  if (recital.hangs_up) co_return;
  request.resize(1);
  co_await socket.async_wait(asio::ip::tcp::socket::wait_error, no_throw);
}

}  // namespace pkv::test
