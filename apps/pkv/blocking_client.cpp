#include "blocking_client.hpp"

#include "plain_text.hpp"

#include <boost/asio/error.hpp>

#include <iostream>

namespace pkv::cli {

result<void> BlockingClient::connect() {
  ClientOptions waiting;
  waiting.connect_timeout = options_.timeout;
  waiting.request_timeout = options_.answer_timeout;
  return run(client_.connect(options_.host, options_.port, waiting));
}

result<Reply> BlockingClient::execute(Command command) {
  return run(client_.execute(std::move(command)));
}

result<std::vector<Reply>> BlockingClient::execute(Pipeline pipeline) {
  return run(client_.execute(std::move(pipeline)));
}

void report_no_connection(const Options& options, boost::system::error_code error) {
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + options.host + "]" : options.host;
  std::cerr << "cannot connect to " << host << ':' << options.port << ": " << plain_error(error);
  if (error == boost::asio::error::connection_refused) std::cerr << "; is pkv_server running?";
  std::cerr << '\n';
}

}  // namespace pkv::cli
