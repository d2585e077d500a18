#include "net/client/client_connection.hpp"

#include "pkv/errc.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace pkv {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t receive_bytes = std::size_t{256} << 10;
/// A larger buffer, as one large value leaves behind, is given back when it has been sent.
constexpr std::size_t kept_output_bytes = std::size_t{4} << 20;

}  // namespace

ClientConnection::ClientConnection(asio::ip::tcp::socket socket,
                                   std::chrono::milliseconds request_timeout)
    : socket_(std::move(socket)),
      request_timeout_(request_timeout),
      deadline_(socket_.get_executor()) {}

void ClientConnection::start() {
  receive(receive_bytes);
}

error_code ClientConnection::send(std::string_view encoded, std::size_t commands,
                                  ReplyListener& listener, Patience patience) {
  assert(commands > 0);
  if (!open_) return errc::connection_lost;
  filling_.append(encoded);
  requests_.push_back({&listener, commands, patience, Clock::now()});
  watch_deadline();
  flush_at_end_of_turn();
  return {};
}

void ClientConnection::abandon(const ReplyListener& listener) noexcept {
  for (Request& request : requests_) {
    if (request.listener == &listener) request.listener = nullptr;
  }
}

void ClientConnection::close(error_code reason) {
  if (!open_) return;
  open_ = false;
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
  const std::deque<Request> unanswered = std::exchange(requests_, {});
  for (const Request& request : unanswered) {
    if (request.listener != nullptr) request.listener->on_closed(reason);
  }
}

// Posted rather than written at once: whoever else has something to send in this turn joins in.
void ClientConnection::flush_at_end_of_turn() {
  if (flush_is_due_ || writing_) return;
  flush_is_due_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_is_due_ = false;
    self->flush();
  });
}

void ClientConnection::flush() {
  if (!open_ || writing_ || filling_.empty()) return;
  writing_ = true;
  sending_.swap(filling_);
  asio::async_write(
      socket_, asio::buffer(sending_.data(), sending_.size()),
      [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void ClientConnection::on_written(error_code error) {
  // The server may have said why before it hung up, so what it sent is read to the end: that, or
  // the deadline, closes the connection. writing_ stays set, since nothing can be sent any more.
  if (error) return;
  writing_ = false;
  sending_.clear();
  if (sending_.capacity() > kept_output_bytes) sending_ = ByteBuffer();
  flush();
}

void ClientConnection::receive(std::size_t wanted_bytes) {
  room_bytes_ = std::clamp(wanted_bytes, receive_bytes, 4 * receive_bytes);
  char* room = input_.extend(room_bytes_);
  socket_.async_read_some(asio::buffer(room, room_bytes_),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            self->on_received(error, bytes);
                          });
}

void ClientConnection::on_received(error_code error, std::size_t bytes) {
  if (!open_) return;
  input_.drop_back(room_bytes_ - bytes);
  if (error) {
    close(errc::connection_lost);
    return;
  }
  const std::size_t wanted_bytes = deliver_replies();
  if (open_) receive(wanted_bytes);
}

/// Returns how many bytes it would like to see next.
std::size_t ClientConnection::deliver_replies() {
  std::string_view unread = input_.view();
  ReplyListener* last_listener = nullptr;
  ParseResult parsed;
  for (;;) {
    parsed = parser_.next(unread);
    unread.remove_prefix(parsed.consumed_bytes);
    if (parsed.status != ParseStatus::complete) break;
    if (!deliver(parser_.take(), last_listener)) break;
  }
  if (last_listener != nullptr) last_listener->on_turn_end();
  if (parsed.status != ParseStatus::need_more) close(errc::protocol_error);
  if (!open_) return 0;

  if (last_listener != nullptr && !requests_.empty()) {
    Request& next = requests_.front();
    if (next.patience == Patience::each_turn) next.since = Clock::now();
  }
  // What is left is less than a line: the parser has taken all that could be understood.
  std::memmove(input_.data(), unread.data(), unread.size());
  input_.resize(unread.size());
  return parsed.needed_bytes;
}

/// Returns false if there is nothing to deliver to: the server answers what nobody asked, or the
/// connection was closed by whoever got the reply.
bool ClientConnection::deliver(Reply&& reply, ReplyListener*& last_listener) {
  if (requests_.empty()) return false;
  ReplyListener* listener = requests_.front().listener;
  if (--requests_.front().missing_replies == 0) requests_.pop_front();
  if (listener != last_listener && last_listener != nullptr) last_listener->on_turn_end();
  last_listener = listener;
  if (listener != nullptr) listener->on_reply(std::move(reply));
  return open_;
}

// One timer for all requests: the first has waited longest. It is not moved with every request,
// which would cost more than the request; when it expires, it looks how long there still is.
void ClientConnection::watch_deadline() {
  if (deadline_is_watched_ || requests_.empty()) return;
  deadline_is_watched_ = true;
  deadline_.expires_at(requests_.front().since + request_timeout_);
  deadline_.async_wait([self = shared_from_this()](error_code error) {
    self->deadline_is_watched_ = false;
    if (!error) self->on_deadline();
  });
}

void ClientConnection::on_deadline() {
  if (requests_.empty()) return;
  if (Clock::now() >= requests_.front().since + request_timeout_) {
    close(errc::timed_out);
  } else {
    watch_deadline();
  }
}

}  // namespace pkv
