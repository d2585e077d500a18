#include "net/prepare_connection.hpp"

#include <boost/asio/ip/address.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

namespace pkv {
namespace {

namespace ip = boost::asio::ip;

bool leads_to_this_machine(const ip::address& peer) {
  if (peer.is_v6() && peer.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, peer.to_v6()).is_loopback();
  return peer.is_loopback();
}

}  // namespace

void prepare_connection(ip::tcp::socket& socket) noexcept {
  boost::system::error_code error;
  socket.set_option(ip::tcp::no_delay(true), error);
  const ip::tcp::endpoint peer = socket.remote_endpoint(error);
  if (error || !leads_to_this_machine(peer.address())) return;
  constexpr std::string_view algorithm = "reno";
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, algorithm.data(),
             static_cast<socklen_t>(algorithm.size()));
}

}  // namespace pkv
