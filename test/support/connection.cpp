#include "support/connection.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pkv::test {
namespace {

constexpr timeval patience{60, 0};
constexpr std::size_t receive_bytes = std::size_t{256} << 10;

template <class Number>
Number check(Number outcome, const char* what) {
  if (outcome < 0) throw std::system_error(errno, std::generic_category(), what);
  return outcome;
}

}  // namespace

Connection::Connection(std::uint16_t port, const std::string& host)
    : socket_(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = ::inet_addr(host.c_str());
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    const int error = errno;
    ::close(socket_);
    throw std::system_error(error, std::generic_category(), "connect");
  }
}

Connection::Connection(Connection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      received_(std::move(other.received_)),
      parsed_(other.parsed_),
      parser_(std::move(other.parser_)) {}

Connection::~Connection() {
  if (socket_ >= 0) ::close(socket_);
}

void Connection::send(std::string_view bytes) {
  while (!bytes.empty())
    bytes.remove_prefix(static_cast<std::size_t>(
        check(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), "send")));
}

std::size_t Connection::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno == EAGAIN) return 0;
  return static_cast<std::size_t>(check(sent, "send"));
}

void Connection::send(const pkv::Command& command) {
  std::string bytes;
  append_command(bytes, command);
  send(bytes);
}

Reply Connection::receive() {
  std::optional<Reply> reply = receive_or_end();
  if (!reply) throw std::runtime_error("the server hung up instead of answering");
  return *std::move(reply);
}

std::optional<Reply> Connection::receive_or_end() {
  for (;;) {
    const ParseResult result = parser_.next(std::string_view(received_).substr(parsed_));
    parsed_ += result.consumed_bytes;
    if (result.status == ParseStatus::complete) return parser_.take();
    if (result.status == ParseStatus::error)
      throw std::runtime_error("the server broke the protocol: " +
                               std::string(parser_.error_text()));
    received_.erase(0, std::exchange(parsed_, 0));
    if (!receive_more()) return std::nullopt;
  }
}

void Connection::wait_for_bytes() {
  char first = 0;
  if (check(::recv(socket_, &first, 1, MSG_PEEK), "recv") == 0)
    throw std::runtime_error("the server hung up instead of answering");
}

std::string Connection::receive_rest() {
  while (receive_more()) {
  }
  return std::exchange(received_, {}).substr(std::exchange(parsed_, 0));
}

void Connection::finish_sending() {
  check(::shutdown(socket_, SHUT_WR), "shutdown");
}

void Connection::abandon() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(socket_, -1));
}

bool Connection::receive_more() {
  const std::size_t size = received_.size();
  received_.resize(size + receive_bytes);
  ssize_t count = 0;
  do  // a process that was stopped is interrupted here, because of the time-out
    count = ::recv(socket_, received_.data() + size, receive_bytes, 0);
  while (count < 0 && errno == EINTR);
  received_.resize(size + static_cast<std::size_t>(count > 0 ? count : 0));
  if (count < 0 && errno == ECONNRESET) return false;
  return check(count, "recv") > 0;
}

const Reply& field(const Reply& record, std::string_view name) {
  for (std::size_t at = 0; at + 1 < record.elements().size(); at += 2)
    if (record.elements()[at].text() == name) return record.elements()[at + 1];
  throw std::runtime_error("no " + std::string(name) + " in: " + to_text(record));
}

std::vector<std::string> keys_on_all_nodes(Connection& connection, int nodes) {
  std::map<std::int64_t, std::string> key_of_node;
  for (int i = 0; std::ssize(key_of_node) < nodes; ++i) {
    if (i == 10'000) throw std::runtime_error("nodes without keys");
    std::string key = "everywhere:" + std::to_string(i);
    const Reply place = connection.ask("RING", "WHERE", key);
    key_of_node.emplace(field(place, "node").integer(), std::move(key));
  }
  std::vector<std::string> keys;
  for (auto& [node, key] : key_of_node)
    keys.push_back(std::move(key));
  return keys;
}

bool still_answers(std::uint16_t port) {
  Connection connection(port);
  return connection.ask("PING") == Reply::status("PONG") && connection.ask("DBSIZE").is_integer();
}

}  // namespace pkv::test
