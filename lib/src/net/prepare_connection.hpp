#pragma once

#include <boost/asio/ip/tcp.hpp>

namespace pkv {

/// What every connection between a client and a server begins with, on both sides: what is written
/// leaves at once.
///
/// Within one machine there is no network to be shared, and the algorithm that it has for networks
/// may be dear: BBR paces what it sends by timers. There Reno does, which every Linux has: beside
/// BBR, values of 1 MiB are read a fifth faster.
///
/// Errors: none. What the system refuses is left as it is: the connection is slower.
void prepare_connection(boost::asio::ip::tcp::socket& socket) noexcept;

}  // namespace pkv
