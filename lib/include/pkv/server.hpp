#pragma once

#include "pkv/server_options.hpp"
#include "pkv/worker_process.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace pkv {

namespace wire {
class Transport;
}

/// Takes clients over TCP, puts their commands into one order and sends them to the nodes that own
/// the keys. Speaks RESP2 and its inline form.
///
/// Construct it, then run the io_context; it accepts at once. To end, call stop() and go on running
/// the io_context until `stopped` is called.
///
/// Thread safety: none; everything runs on the one thread that runs `io`.
/// Lifetime: `io` and `transport` must outlive it. Destroy it only after `stopped` was called, or
/// when `io` will not run any more.
/// Errors: the constructors throw boost::system::system_error when the address cannot be bound and
/// std::invalid_argument when the options contradict each other.
class Server {
 public:
  /// A server over worker processes. options.nodes describes them.
  Server(boost::asio::io_context& io, ServerOptions options, wire::Transport& transport);
  /// A server that holds the data itself, in `nodes` in-process stores. options.nodes must be
  /// empty.
  Server(boost::asio::io_context& io, ServerOptions options, std::size_t nodes = 1);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Address and port, as "127.0.0.1:6379" or "[::1]:6379".
  [[nodiscard]] std::string endpoint() const;

  /// A worker's process can be sent to: another one than before, with the next epoch. Its node is
  /// filled while clients go on.
  void worker_ready(WorkerReady ready);
  /// A worker's process is gone. Commands that it has not answered are answered by other holders of
  /// their keys, or fail if there are none.
  void worker_lost(const WorkerLost& lost);
  /// Whether a worker, numbered as in ServerOptions::nodes, has been sent what it has not answered
  /// yet.
  [[nodiscard]] bool owes_answers(std::size_t worker) const noexcept;

  /// Of each key's copies, which may differ, keeps one and copies it to the other nodes that shall
  /// hold it, while clients go on; calls `done` when all are equal. The one that is kept is of one
  /// of these workers only if there is no other, and then of the last of them. To be called before
  /// the first command, after worker_lost() for nodes that hold nothing.
  void even_out_copies(std::span<const std::size_t> least_trusted_first,
                       std::function<void()> done);

  /// Nothing is waiting for workers or under way to them.
  [[nodiscard]] bool idle() const noexcept;

  /// Stops accepting, answers what was received, closes every connection, then calls `stopped`.
  /// Connections still busy after `patience` are cut.
  void stop(std::chrono::milliseconds patience, std::function<void()> stopped);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace pkv
