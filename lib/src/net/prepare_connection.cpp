#include "net/prepare_connection.hpp"

#include "net/within_machine.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

namespace pkv {
namespace ip = boost::asio::ip;

void prepare_connection(ip::tcp::socket& socket) noexcept {
  boost::system::error_code error;
  socket.set_option(ip::tcp::no_delay(true), error);
  if (!is_within_machine(socket)) return;
  constexpr std::string_view algorithm = "reno";
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, algorithm.data(),
             static_cast<socklen_t>(algorithm.size()));
}

}  // namespace pkv
