#include "net/server/session.hpp"

#include "net/no_throw.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/container/static_vector.hpp>

#include <array>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

namespace pkv {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Commands up to here are read without asking; the input of all clients together stays small.
constexpr std::size_t most_ungranted_bytes = std::size_t{1} << 20;
constexpr std::size_t most_gathered_blocks = 64;

bool would_block(const boost::system::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<Session> session) {
  co_await session->run();
}

Session::Session(tcp::socket socket, Service& service, InputBudget& budget, std::uint64_t id)
    : socket_(std::move(socket)),
      service_(service),
      budget_(budget),
      conversation_(service, *this, id),
      activity_(socket_.get_executor()),
      stall_timer_(socket_.get_executor()) {}

asio::awaitable<void> Session::run() {
  try {
    for (;;) {
      const bool received = co_await read();
      if (!received) break;
      const bool more = co_await execute();
      if (!more) break;
    }
  } catch (const std::bad_alloc&) {
    cut();  // and stay until the last answer has come: it is addressed to the conversation
  }
  co_await answer_the_rest();
  co_await see_off();
  stall_timer_.cancel();
  release_grant();
  cut();
  conversation_.abandon();  // the server may go before the last reference to this session does
}

asio::awaitable<bool> Session::read() {
  if (command_bytes() > most_ungranted_bytes) {
    const bool granted = co_await obtain_grant();
    if (!granted) co_return false;
    restart_stall_timer(service_.limits.stalled_input_timeout);
  }
  const std::span<char> room = conversation_.input().prepare();
  const asio::mutable_buffer buffer(room.data(), room.size());
  auto [error, received] = co_await socket_.async_read_some(buffer, no_throw);
  service_.coordinator.update_clock();
  if (grant_.bytes > 0) stall_timer_.cancel();  // what comes next is not for the client to do
  if (error) {
    // After the end of the stream the client may still read; after anything else it is gone.
    input_ended_ = true;
    if (error != asio::error::eof) cut();
    co_return false;
  }
  conversation_.input().commit(received);
  service_.coordinator.statistics().bytes_received += received;
  co_return true;
}

// Returns whether the client may send more.
asio::awaitable<bool> Session::execute() {
  for (;;) {
    const Conversation::Progress progress = conversation_.consume();
    if (!conversation_.to_be_told()) flush();
    if (progress == Conversation::Progress::closing) co_return false;
    if (progress == Conversation::Progress::need_input) {
      if (command_bytes() <= most_ungranted_bytes) release_grant();
      co_return true;
    }
    while (!conversation_.ready_to_continue() && !gone_) {
      waiting_ = true;
      co_await activity_.wait();
      waiting_ = false;
    }
    service_.coordinator.update_clock();
  }
}

asio::awaitable<void> Session::answer_the_rest() {
  answering_ = true;
  restart_stall_timer(service_.limits.stalled_output_timeout);
  flush();
  while (!conversation_.drained() || writing_) {
    waiting_ = true;
    co_await activity_.wait();
    waiting_ = false;
  }
}

// A socket closed while the client still sends is reset, and the client may then lose replies that
// it has not read yet (RFC 1122, 4.2.2.13). So it is told the end and what it sends is dropped
// until it has understood.
asio::awaitable<void> Session::see_off() {
  if (gone_ || input_ended_) co_return;
  answering_ = false;
  restart_stall_timer(service_.limits.stalled_output_timeout);
  boost::system::error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  std::array<char, 4096> dropped;
  while (!error) {
    auto [read_error, received] = co_await socket_.async_read_some(asio::buffer(dropped), no_throw);
    error = read_error;
  }
}

// Of the unfinished command, as far as its size is known.
std::size_t Session::command_bytes() {
  return conversation_.missing_bytes() + conversation_.input().unread().size();
}

asio::awaitable<bool> Session::obtain_grant() {
  const std::size_t wanted = command_bytes();
  for (;;) {
    const bool granted = budget_.obtain(grant_, wanted, [this] { activity_.wake(); });
    if (granted) co_return true;
    if (gone_ || finishing_) {
      budget_.withdraw(grant_);
      co_return false;
    }
    waiting_ = true;
    co_await activity_.wait();
    waiting_ = false;
  }
}

void Session::release_grant() {
  if (grant_.bytes > 0) budget_.release(grant_);
}

void Session::on_activity() {
  check_overflow();
  flush();
  if (waiting_) activity_.wake();
}

void Session::check_overflow() {
  if (!conversation_.overflowed() || gone_) return;
  if (service_.log)
    service_.log(LogLevel::warning, "client " + std::to_string(id()) +
                                        " does not read its replies: " +
                                        std::to_string(conversation_.output().size()) +
                                        " bytes had piled up, it was disconnected");
  cut();
}

void Session::flush() {
  if (writing_ || gone_) return;
  boost::system::error_code error;
  while (!error && !conversation_.output().empty())
    write_some(error);
  if (!error) return;
  if (!would_block(error)) {
    cut();
    return;
  }
  writing_ = true;
  auto written = [self = shared_from_this()](std::exception_ptr failure) {
    self->writing_ = false;
    if (failure != nullptr) self->cut();
    self->flush();  // what has come since the last write
    if (self->waiting_) self->activity_.wake();
  };
  asio::co_spawn(socket_.get_executor(), write_the_rest(shared_from_this()), std::move(written));
}

void Session::write_some(boost::system::error_code& error) {
  // One piece is the usual case by far, and send() is cheaper than sendmsg() with its lists.
  std::array<std::string_view, 2> first;
  const bool one_piece = conversation_.output().gather(first) == 1;
  const std::size_t written =
      one_piece ? socket_.write_some(asio::buffer(first[0].data(), first[0].size()), error)
                : write_pieces(error);
  if (error) return;
  conversation_.output().consume(written);
  service_.coordinator.statistics().bytes_sent += written;
  if (answering_) restart_stall_timer(service_.limits.stalled_output_timeout);
}

std::size_t Session::write_pieces(boost::system::error_code& error) {
  std::array<std::string_view, most_gathered_blocks> views;
  const std::size_t count = conversation_.output().gather(views);
  boost::container::static_vector<asio::const_buffer, most_gathered_blocks> buffers;
  for (std::size_t i = 0; i < count; ++i)
    buffers.emplace_back(views[i].data(), views[i].size());
  return socket_.write_some(buffers, error);
}

asio::awaitable<void> Session::write_the_rest(std::shared_ptr<Session> self) {
  while (!self->gone_ && !self->conversation_.output().empty()) {
    auto [wait_error] = co_await self->socket_.async_wait(tcp::socket::wait_write, no_throw);
    if (self->gone_) break;
    boost::system::error_code error = wait_error;
    if (!error) self->write_some(error);
    if (error && !would_block(error)) self->cut();
    if (self->waiting_) self->activity_.wake();
  }
}

void Session::restart_stall_timer(std::chrono::milliseconds patience) {
  stall_timer_.expires_after(patience);
  stall_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const std::shared_ptr<Session> session = weak.lock();
    if (!cancelled && session != nullptr) session->on_stall();
  });
}

void Session::on_stall() {
  // While there is nothing to take, it is a worker that is slow.
  if (answering_ && conversation_.output().empty())
    restart_stall_timer(service_.limits.stalled_output_timeout);
  else
    cut();
}

void Session::finish() {
  finishing_ = true;
  boost::system::error_code ignored;  // nothing to do about a socket that is closed already
  socket_.shutdown(tcp::socket::shutdown_receive, ignored);
  if (waiting_) activity_.wake();
}

void Session::cut() {
  if (gone_) return;
  gone_ = true;
  conversation_.discard_output();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (waiting_) activity_.wake();
}

void Session::abandon() noexcept {
  gone_ = true;
  conversation_.abandon();
}

}  // namespace pkv
