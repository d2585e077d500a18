#include "pkv/client.hpp"

#include "net/client/client_connection.hpp"
#include "net/client/connect_attempt.hpp"
#include "net/client/pending_replies.hpp"
#include "net/client/reply_results.hpp"

#include <string_view>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

// The coroutines below take the connection, not the client: the client may be gone before they end.
using ConnectionPtr = std::shared_ptr<ClientConnection>;

asio::awaitable<result<Reply>> execute_one(ConnectionPtr connection, std::string encoded) {
  if (!connection) co_return errc::connection_lost;
  auto replies = co_await send_and_wait(std::move(connection), std::move(encoded), 1);
  if (!replies) co_return replies.error();
  co_return std::move(replies->front());
}

asio::awaitable<result<std::vector<Reply>>> execute_all(ConnectionPtr connection,
                                                        Pipeline pipeline) {
  if (pipeline.empty()) co_return std::vector<Reply>();
  if (!connection) co_return errc::connection_lost;
  const std::size_t commands = pipeline.size();
  std::string encoded(pipeline.encoded());
  pipeline = {};
  co_return co_await send_and_wait(std::move(connection), std::move(encoded), commands);
}

asio::awaitable<result<void>> execute_done(ConnectionPtr connection, std::string encoded) {
  const result<Reply> reply = co_await execute_one(std::move(connection), std::move(encoded));
  if (!reply) co_return reply.error();
  co_return done_from(*reply);
}

asio::awaitable<result<std::string>> execute_value(ConnectionPtr connection, std::string encoded) {
  result<Reply> reply = co_await execute_one(std::move(connection), std::move(encoded));
  if (!reply) co_return reply.error();
  co_return value_from(std::move(*reply));
}

asio::awaitable<result<std::int64_t>> execute_integer(ConnectionPtr connection,
                                                      std::string encoded) {
  const result<Reply> reply = co_await execute_one(std::move(connection), std::move(encoded));
  if (!reply) co_return reply.error();
  co_return integer_from(*reply);
}

asio::awaitable<result<bool>> execute_bool(ConnectionPtr connection, std::string encoded) {
  const auto number = co_await execute_integer(std::move(connection), std::move(encoded));
  // A bool can be made of an error_code, so that its result has to be told which of them it gets.
  if (!number) co_return result<bool>(boost::system::in_place_error, number.error());
  co_return result<bool>(boost::system::in_place_value, *number != 0);
}

/// Encoded at once: one copy of a value instead of two.
template <class... Words>
std::string encode(const Words&... words) {
  const std::string_view views[] = {words...};
  std::string encoded;
  append_command(encoded, views);
  return encoded;
}

}  // namespace

Client::Client(asio::any_io_executor executor) : executor_(std::move(executor)) {}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  Client taken(std::move(other));
  std::swap(executor_, taken.executor_);
  std::swap(connection_, taken.connection_);
  return *this;
}

Client::~Client() {
  close();
}

asio::awaitable<result<void>> Client::connect(std::string host, std::uint16_t port,
                                              ClientOptions options) {
  close();
  auto attempt = std::make_shared<ConnectAttempt>(executor_, options.connect_timeout);
  attempt->start(host, port);
  auto socket = co_await ConnectAttempt::outcome(std::move(attempt));
  if (!socket) co_return socket.error();
  connection_ = std::make_shared<ClientConnection>(std::move(*socket), options.request_timeout);
  connection_->start();
  co_return result<void>();
}

bool Client::is_connected() const noexcept {
  return connection_ && connection_->is_open();
}

bool Client::is_connected_within_machine() const noexcept {
  return is_connected() && connection_->is_within_machine();
}

void Client::close() noexcept {
  if (connection_) connection_->close(errc::connection_lost);
}

asio::awaitable<result<Reply>> Client::execute(Command command) {
  std::string encoded;
  append_command(encoded, command);
  return execute_one(connection_, std::move(encoded));
}

asio::awaitable<result<std::vector<Reply>>> Client::execute(Pipeline pipeline) {
  return execute_all(connection_, std::move(pipeline));
}

asio::awaitable<result<void>> Client::create(std::string key, std::string value) {
  return execute_done(connection_, encode("C", key, value));
}

asio::awaitable<result<std::string>> Client::read(std::string key) {
  return execute_value(connection_, encode("R", key));
}

asio::awaitable<result<void>> Client::update(std::string key, std::string value) {
  return execute_done(connection_, encode("U", key, value));
}

asio::awaitable<result<void>> Client::erase(std::string key) {
  return execute_done(connection_, encode("D", key));
}

asio::awaitable<result<void>> Client::put(std::string key, std::string value) {
  return execute_done(connection_, encode("SET", key, value));
}

asio::awaitable<result<bool>> Client::exists(std::string key) {
  return execute_bool(connection_, encode("EXISTS", key));
}

asio::awaitable<result<std::int64_t>> Client::increment(std::string key, std::int64_t by) {
  return execute_integer(connection_, encode("INCRBY", key, std::to_string(by)));
}

asio::awaitable<result<void>> Client::ping() {
  return execute_done(connection_, encode("PING"));
}

}  // namespace pkv
