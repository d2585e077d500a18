#include "pkv_server/control_session.hpp"

#include "mpi/control_socket.hpp"

#include <boost/asio/buffer.hpp>

#include <chrono>
#include <string_view>
#include <utility>
#include <variant>

namespace pkv::server {
namespace {

namespace control = mpi::control;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto hello_patience = 5s;

/// Takes the same time wherever the two differ.
bool same_secret(std::string_view given, std::string_view expected) {
  if (given.size() != expected.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned>(given[i] ^ expected[i]);
  return difference == 0;
}

}  // namespace

ControlSession::ControlSession(boost::asio::ip::tcp::socket socket, std::string token,
                               Callbacks callbacks)
    : socket_(std::move(socket)),
      hello_deadline_(socket_.get_executor()),
      token_(std::move(token)),
      callbacks_(std::move(callbacks)) {}

void ControlSession::start() {
  error_code ignored;
  mpi::prepare_control_socket(socket_.native_handle());
  socket_.non_blocking(true, ignored);
  hello_deadline_.expires_after(hello_patience);
  hello_deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled && !self->known_) self->end();
  });
  read();
}

void ControlSession::order(const control::Order& order) {
  if (!open_) return;
  const std::string line = control::encode(order);
  error_code error;
  // Orders are few and short: if one does not fit into the socket's buffer, nobody reads them.
  const std::size_t sent = socket_.write_some(boost::asio::buffer(line), error);
  if (error || sent != line.size()) end();
}

void ControlSession::close() noexcept {
  open_ = false;
  hello_deadline_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void ControlSession::read() {
  socket_.async_read_some(boost::asio::buffer(chunk_),
                          [self = shared_from_this()](const error_code& error, std::size_t count) {
                            if (!self->open_) return;
                            if (error)
                              self->end();
                            else
                              self->on_bytes(count);
                          });
}

void ControlSession::on_bytes(std::size_t count) {
  lines_.append({chunk_.data(), count});
  while (const auto line = lines_.next()) {
    const bool sound = on_line(*line);
    if (!open_) return;
    if (!sound) return end();
  }
  if (lines_.overlong()) return end();
  read();
}

bool ControlSession::on_line(const std::string& line) {
  const auto report = control::decode_report(line);
  if (!report) return false;
  if (!known_ && !accept_hello(*report)) return false;
  callbacks_.report(shared_from_this(), *report);
  return true;
}

bool ControlSession::accept_hello(const control::Report& report) {
  const auto* const hello = std::get_if<control::Hello>(&report);
  if (hello == nullptr || !same_secret(hello->token, token_)) return false;
  hello_ = *hello;
  known_ = true;
  hello_deadline_.cancel();
  return true;
}

void ControlSession::end() {
  if (!open_) return;
  close();
  callbacks_.ended(shared_from_this());
}

}  // namespace pkv::server
