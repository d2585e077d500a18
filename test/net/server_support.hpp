#pragma once

#include "pkv/server.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pkv::test {

/// A server with its own thread, as a program has it.
///
/// Thread safety: log() and everything done by post() may be used by the test's thread.
class RunningServer {
 public:
  explicit RunningServer(const Limits& limits = {}, std::size_t nodes = 3);
  RunningServer(const Limits& limits, wire::Transport& transport, std::vector<ServerNode> nodes);
  /// Stops the server, cutting whoever is connected.
  ~RunningServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Runs `work` on the server's thread and waits for it.
  void post(const std::function<void()>& work);
  /// Stops the server and waits until it says that it has stopped.
  void stop(std::chrono::milliseconds patience);
  /// Starts to do so. The future is ready when the server says that it has stopped.
  std::future<void> begin_stop(std::chrono::milliseconds patience);
  /// Ends the thread in the middle of everything, then destroys the server.
  void abandon();
  /// How often the server has said that it has stopped.
  [[nodiscard]] int times_stopped();

  [[nodiscard]] std::vector<std::string> log();

 private:
  ServerOptions options(const Limits& limits);
  void start();

  boost::asio::io_context io_{1};
  std::mutex mutex_;
  std::vector<std::string> log_;
  int times_stopped_ = 0;
  bool stop_begun_ = false;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A client with plain blocking calls, that does only and exactly what it is told. Every wait ends
/// with an exception after half a minute.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const char* address = "127.0.0.1");
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient& operator=(RawClient&&) = delete;

  /// Sends all of it. Returns false if the server has closed the connection.
  bool send(std::string_view bytes);
  /// Sends as much as fits without waiting; returns how much.
  std::size_t send_some(std::string_view bytes);
  /// Exactly this many bytes, fewer only at the end of the stream.
  std::string receive(std::size_t bytes);
  /// Everything up to the end of the stream, and how it ended.
  struct Rest {
    std::string bytes;
    bool reset = false;
  };
  Rest receive_rest();
  /// send(), then receive as many bytes as `expected` has; returns whether they are the same.
  bool hears(std::string_view sent, std::string_view expected);
  /// The contents of the bulk that the command is answered with.
  std::string bulk(std::string_view command);

  void end_output();
  /// Closes so that the server sees a reset.
  void reset();
  void close();
  /// Makes the buffers small, so that one who does not read is noticed soon.
  void set_receive_buffer(int bytes);

 private:
  int socket_;
};

/// A command as an array of bulks.
[[nodiscard]] std::string encoded(const std::vector<std::string>& words);

/// The number behind `name` in the text of INFO.
[[nodiscard]] std::uint64_t info_number(RawClient& client, const std::string& name);

}  // namespace pkv::test
