#include "load/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace pkv::bench {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::size_t least_read_bytes = 4096;

}  // namespace

Connection::Connection(IoContext& io, ConnectionListener& listener, Protocol protocol,
                       std::size_t number, std::size_t pipeline)
    : socket_(io.get_executor()),
      listener_(listener),
      protocol_(protocol),
      scan_(scanner_of(protocol)),
      number_(number),
      exchanges_(pipeline) {}

void Connection::connect(const Endpoint& server) {
  socket_.async_connect(server, [this](const Error& error) { on_connect_result(error); });
}

void Connection::on_connect_result(const Error& error) {
  if (is_closed_) return;
  if (error) {
    close(error.message());
    return;
  }
  Error ignored;  // without it answers come later, which shows in the result
  socket_.set_option(Tcp::no_delay(true), ignored);
  Error failure;
  socket_.non_blocking(true, failure);
  if (failure) {
    close(failure.message());
    return;
  }
  is_open_ = true;
  receive(least_read_bytes);
  listener_.on_connected(*this);
}

void Connection::receive(std::size_t wanted_bytes) {
  const std::span<char> room = input_.prepare(wanted_bytes);
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [this](const Error& error, std::size_t bytes) { on_received(error, bytes); });
}

void Connection::on_received(const Error& error, std::size_t bytes) {
  if (is_closed_) return;
  const Clock::time_point now = Clock::now();
  if (error) {
    close(error == asio::error::eof ? "the server closed the connection" : error.message());
    return;
  }
  last_progress_ = now;
  received_bytes_ += bytes;
  input_.commit(bytes);
  const std::size_t wanted_bytes = take_answers(now);
  if (is_closed_) return;
  listener_.on_turn(*this, now);
  if (is_closed_) return;
  receive(wanted_bytes);
}

std::size_t Connection::take_answers(Clock::time_point now) {
  for (;;) {
    const std::string_view unread = input_.unread();
    if (unread.empty()) return least_read_bytes;
    const ScanResult result = scan_(unread);
    if (result.status == ScanResult::Status::need_more)
      return std::max(result.bytes, least_read_bytes);
    if (result.status == ScanResult::Status::broken) {
      close("the server does not speak " + std::string(name_of(protocol_)) + ": it sent " +
            quoted(unread));
      return 0;
    }
    if (exchanges_.empty()) {
      close("the server sent what it was not asked for: " + quoted(unread));
      return 0;
    }
    const Exchange exchange = exchanges_.front();
    exchanges_.pop_front();
    listener_.on_answer(*this, exchange, result.answer, now);
    if (is_closed_) return 0;
    input_.consume(result.bytes);
  }
}

void Connection::flush(Clock::time_point now) {
  if (!is_open_ || waits_to_write_ || sent_ == output_.size()) return;
  if (sent_ == 0) last_progress_ = now;
  while (sent_ < output_.size()) {
    Error error;
    const std::size_t bytes =
        socket_.write_some(asio::buffer(output_.data() + sent_, output_.size() - sent_), error);
    sent_ += bytes;
    sent_bytes_ += bytes;
    if (error == asio::error::would_block) {
      wait_until_writable();
      return;
    }
    if (error) {
      // What the server said before it hung up is worth more than that writing failed: the read
      // under way reports both.
      output_.clear();
      sent_ = 0;
      return;
    }
  }
  output_.clear();
  sent_ = 0;
}

void Connection::wait_until_writable() {
  waits_to_write_ = true;
  socket_.async_wait(Socket::wait_write, [this](const Error& error) {
    waits_to_write_ = false;
    if (is_closed_ || error) return;
    const Clock::time_point now = Clock::now();
    last_progress_ = now;
    flush(now);
  });
}

void Connection::close(std::string fault) {
  if (is_closed_) return;
  is_closed_ = true;
  is_open_ = false;
  fault_ = std::move(fault);
  Error ignored;
  socket_.close(ignored);
  listener_.on_closed(*this, exchanges_);
  exchanges_.clear();
}

}  // namespace pkv::bench
