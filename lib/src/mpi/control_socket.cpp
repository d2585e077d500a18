#include "mpi/control_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace pkv::mpi {
namespace {

/// What was sent, or asked, and not acknowledged for this long means that the connection is cut.
constexpr int acknowledge_patience_ms = 2000;
/// Silence after which the peer's kernel is asked whether it is there, and again.
constexpr int ask_seconds = 1;

void set_option(int socket, int level, int name, int value) noexcept {
  setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

void prepare_control_socket(int socket) noexcept {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, acknowledge_patience_ms);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, ask_seconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, ask_seconds);
}

}  // namespace pkv::mpi
