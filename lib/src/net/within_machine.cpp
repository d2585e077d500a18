#include "net/within_machine.hpp"

#include <boost/asio/ip/address.hpp>

namespace pkv {

namespace ip = boost::asio::ip;

bool is_within_machine(const ip::tcp::socket& socket) noexcept {
  boost::system::error_code error;
  const ip::address peer = socket.remote_endpoint(error).address();
  if (error) return false;
  const ip::address own = socket.local_endpoint(error).address();
  if (error) return false;
  if (peer == own) return true;
  if (peer.is_v6() && peer.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, peer.to_v6()).is_loopback();
  return peer.is_loopback();
}

}  // namespace pkv
