#pragma once

#include <boost/asio/ip/tcp.hpp>

namespace pkv {

/// Whether both ends of the connection are on this machine: over its loopback interface, or over an
/// address of its own. False if the socket is not connected.
[[nodiscard]] bool is_within_machine(const boost::asio::ip::tcp::socket& socket) noexcept;

}  // namespace pkv
