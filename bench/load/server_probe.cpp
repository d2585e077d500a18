#include "load/server_probe.hpp"

#include "load/connect_failure.hpp"
#include "load/requests.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace pkv::bench {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

/// Sends one SCAN and keeps the answer.
class ScanProbe final : private ConnectionListener {
 public:
  ScanProbe() = default;

  std::optional<std::string> run(const Connection::Endpoint& server,
                                 std::chrono::milliseconds timeout) {
    connection_.connect(server);
    io_.run_for(timeout);
    return refusal_;
  }

 private:
  void on_connected(Connection& connection) override {
    append_scan(connection.output(), "0", 1);
    connection.expect({{.kind = Kind::scan, .scan_count = 1}, Clock::now()});
    connection.flush(Clock::now());
  }
  void on_answer(Connection&, const Exchange&, const Answer& answer, Clock::time_point) override {
    if (answer.type == Answer::Type::list)
      refusal_.reset();
    else
      refusal_ = std::string(answer.text);
    io_.stop();
  }
  void on_turn(Connection&, Clock::time_point) override {}
  void on_closed(Connection& connection, const boost::circular_buffer<Exchange>&) override {
    refusal_ = connection.fault();
    io_.stop();
  }

  asio::io_context io_;
  std::optional<std::string> refusal_ = "no answer in time";
  Connection connection_{io_, *this, Protocol::resp, 0, 1};
};

}  // namespace

Connection::Endpoint find_server(const std::string& host, std::uint16_t port,
                                 std::chrono::milliseconds timeout) {
  asio::io_context io;
  boost::system::error_code failure;
  const auto addresses = Tcp::resolver(io).resolve(host, std::to_string(port), failure);
  if (failure) throw ConnectFailure(failure.message());
  Tcp::socket socket(io);
  failure = asio::error::timed_out;
  Connection::Endpoint found;
  asio::async_connect(socket, addresses,
                      [&](const boost::system::error_code& error, const Tcp::endpoint& endpoint) {
                        failure = error;
                        found = endpoint;
                      });
  io.run_for(timeout);
  if (failure) throw ConnectFailure(failure.message());
  return found;
}

std::optional<std::string> scan_refusal(const Connection::Endpoint& server,
                                        std::chrono::milliseconds timeout) {
  return ScanProbe().run(server, timeout);
}

}  // namespace pkv::bench
