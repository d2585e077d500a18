#include "net/server_support.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

constexpr int longest_wait_seconds = 30;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

RunningServer::RunningServer(const Limits& limits, std::size_t nodes)
    : server_(std::make_unique<Server>(io_, options(limits), nodes)) {
  start();
}

RunningServer::RunningServer(const Limits& limits, wire::Transport& transport,
                             std::vector<ServerNode> nodes) {
  ServerOptions with_nodes = options(limits);
  with_nodes.nodes = std::move(nodes);
  server_ = std::make_unique<Server>(io_, std::move(with_nodes), transport);
  start();
}

void RunningServer::start() {
  port_ = server_->port();
  thread_ = std::thread([this] {
    const auto work = boost::asio::make_work_guard(io_);
    io_.run();
  });
}

RunningServer::~RunningServer() {
  if (server_ == nullptr) return;
  if (!stop_begun_) stop(0ms);
  // The io_context runs on without the server, which must have left nothing there.
  post([this] { server_.reset(); });
  post([] {});
  io_.stop();
  thread_.join();
}

void RunningServer::abandon() {
  io_.stop();
  thread_.join();
  server_.reset();
}

void RunningServer::post(const std::function<void()>& work) {
  std::promise<void> done;
  boost::asio::post(io_, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void RunningServer::stop(std::chrono::milliseconds patience) {
  if (begin_stop(patience).wait_for(30s) != std::future_status::ready)
    throw std::runtime_error("the server does not stop");
}

std::future<void> RunningServer::begin_stop(std::chrono::milliseconds patience) {
  stop_begun_ = true;
  const auto stopped = std::make_shared<std::promise<void>>();
  post([&] {
    server_->stop(patience, [this, stopped] {
      {
        const std::lock_guard lock(mutex_);
        ++times_stopped_;
      }
      if (times_stopped() == 1) stopped->set_value();
    });
  });
  return stopped->get_future();
}

int RunningServer::times_stopped() {
  const std::lock_guard lock(mutex_);
  return times_stopped_;
}

std::vector<std::string> RunningServer::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

ServerOptions RunningServer::options(const Limits& limits) {
  ServerOptions made;
  made.limits = limits;
  made.log = [this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    log_.emplace_back(line);
  };
  return made;
}

RawClient::RawClient(std::uint16_t port, const char* address) {
  const bool is_v6 = std::string_view(address).find(':') != std::string_view::npos;
  socket_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  if (socket_ < 0) fail("socket");
  const timeval longest{longest_wait_seconds, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  ::inet_pton(is_v6 ? AF_INET6 : AF_INET, address,
              is_v6 ? static_cast<void*>(&v6.sin6_addr) : static_cast<void*>(&v4.sin_addr));
  const auto* to = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
  const socklen_t bytes = is_v6 ? sizeof v6 : sizeof v4;
  if (::connect(socket_, to, bytes) != 0) {
    const int error = errno;
    ::close(socket_);
    errno = error;
    fail("connect");
  }
}

RawClient::~RawClient() {
  close();
}

RawClient::RawClient(RawClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return false;
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::string RawClient::receive(std::size_t bytes) {
  std::string received(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = ::recv(socket_, received.data() + have, bytes - have, 0);
    if (got < 0 && errno != ECONNRESET) fail("receive");
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  received.resize(have);
  return received;
}

RawClient::Rest RawClient::receive_rest() {
  Rest rest;
  std::string chunk(std::size_t{64} << 10, '\0');
  for (;;) {
    const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got < 0 && errno != ECONNRESET) fail("receive");
    rest.reset = got < 0;
    if (got <= 0) return rest;
    rest.bytes.append(chunk, 0, static_cast<std::size_t>(got));
  }
}

bool RawClient::hears(std::string_view sent, std::string_view expected) {
  return send(sent) && receive(expected.size()) == expected;
}

std::string RawClient::bulk(std::string_view command) {
  send(command);
  std::string header;
  while (!header.ends_with("\r\n"))
    header += receive(1);
  const std::size_t bytes = std::stoul(header.substr(1));
  std::string contents = receive(bytes + 2);
  contents.resize(bytes);
  return contents;
}

void RawClient::end_output() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawClient::set_receive_buffer(int bytes) {
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

std::string encoded(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return bytes;
}

std::uint64_t info_number(RawClient& client, const std::string& name) {
  const std::string info = client.bulk("INFO all\r\n");
  const std::size_t at = info.find(name + ":");
  if (at == std::string::npos) throw std::runtime_error("INFO does not show " + name);
  return std::stoull(info.substr(at + name.size() + 1));
}

}  // namespace pkv::test
