#pragma once

#include "pkv/limits.hpp"
#include "pkv/log.hpp"
#include "pkv/node_id.hpp"
#include "pkv/ring_types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pkv {

/// A node that a server sends commands to, as NODES shows it.
struct ServerNode {
  NodeId id{};
  double weight = 1.0;  ///< Its share of the keys, relative to the other nodes'.
  int rank = 0;         ///< MPI rank of the process that serves it; 0 in-process.
  std::string host;
  std::int64_t process_id = 0;
};

struct ServerOptions {
  /// An IPv4 or IPv6 address of this machine.
  std::string bind_address = "127.0.0.1";
  /// 0 takes any free port; Server::port() tells which.
  std::uint16_t port = 0;
  /// One per worker of the transport, in the transport's order.
  std::vector<ServerNode> nodes;
  RingOptions ring;
  Limits limits;
  LogSink log;
};

}  // namespace pkv
