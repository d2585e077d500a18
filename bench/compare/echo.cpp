// The bare echo: answers every command with +OK at once, and does nothing else.
//
// It is the limit of the stack that pkv_server uses: one thread, one io_context, one coroutine per
// connection, one read and one write for all commands that came together. What a server of this
// build does for a command can only come on top. The load generator's own cost is in both.

#include "compare/command_counter.hpp"
#include "pkv_server/port_file.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// The executor by its own type: any_io_executor would cost an indirection in every operation.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable_t<Executor>());

constexpr std::size_t read_bytes = std::size_t{64} << 10;
constexpr std::size_t shortest_command_bytes = sizeof("*1\r\n$0\r\n\r\n") - 1;

/// As many answers as one read can ask for.
std::string all_answers() {
  std::string answers;
  for (std::size_t i = 0; i <= read_bytes / shortest_command_bytes; ++i)
    answers += "+OK\r\n";
  return answers;
}
constexpr std::size_t answer_bytes = sizeof("+OK\r\n") - 1;

Task<bool> write_all(Socket& socket, asio::const_buffer answers) {
  // Most often the socket takes it all. Asio's own write would go through the queue and poll.
  boost::system::error_code error;
  answers += socket.write_some(asio::const_buffers_1(answers), error);
  if (answers.size() == 0) co_return true;
  if (error && error != asio::error::would_block) co_return false;
  auto [write_error, written] = co_await asio::async_write(socket, answers, no_throw);
  co_return !write_error;
}

Task<void> serve(Socket socket, const std::string& answers) {
  boost::system::error_code error;
  socket.set_option(tcp::no_delay(true), error);
  if (!error) socket.non_blocking(true, error);
  const auto input = std::make_unique_for_overwrite<std::array<char, read_bytes>>();
  pkv::compare::CommandCounter counter;
  while (!error) {
    auto [read_error, received] = co_await socket.async_read_some(asio::buffer(*input), no_throw);
    if (read_error) break;
    const auto commands = counter.count({input->data(), received});
    if (!commands) break;
    if (*commands == 0) continue;
    const asio::const_buffer reply(answers.data(), *commands * answer_bytes);
    const bool written = co_await write_all(socket, reply);
    if (!written) break;
  }
}

Task<void> accept(Acceptor& acceptor, const std::string& answers) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(no_throw);
    if (error == asio::error::operation_aborted) break;
    if (error) throw boost::system::system_error(error, "cannot accept");
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), answers), asio::detached);
  }
}

void run(std::uint16_t port, const std::string& port_file) {
  const std::string answers = all_answers();
  asio::io_context io(1);
  Acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), port));
  asio::basic_signal_set<Executor> signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  asio::co_spawn(io, accept(acceptor, answers), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  const pkv::server::PortFile file(port_file, acceptor.local_endpoint().port());
  std::printf("pkv_bare_echo is ready on 127.0.0.1:%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  io.run();
}

}  // namespace

int main(int argument_count, char** arguments) {
  CLI::App app("Answers +OK to every command, with the least that Boost.Asio needs for it.",
               "pkv_bare_echo");
  std::uint16_t port = 0;
  std::string port_file;
  app.add_option("--port", port, "TCP port on 127.0.0.1; 0 takes any free one")
      ->capture_default_str();
  app.add_option("--port-file", port_file, "File that holds the port number while it is ready");
  try {
    app.parse(argument_count, arguments);
    run(port, port_file);
  } catch (const CLI::ParseError& reason) {
    return app.exit(reason) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_bare_echo: %s\n", error.what());
    return 1;
  }
  return 0;
}
