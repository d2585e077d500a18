#pragma once

#include "pkv/limits.hpp"

#include "coordinator/conversation.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/service.hpp"
#include "instructions/staged_transport.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::instructions {

/// One client: a conversation, and a socket of which only the number of bytes is left.
class Client final : public ConversationOwner {
 public:
  Client(Service& service, std::uint64_t id) : conversation_(service, *this, id) {}

  /// What arrived at the socket. Taken by execute().
  void receive(std::string_view bytes);
  void execute();
  void on_activity() override;

  [[nodiscard]] std::size_t sent_bytes() const noexcept { return sent_bytes_; }

 private:
  static constexpr std::size_t most_gathered_blocks = 64;  // as a session's

  Conversation conversation_;
  std::array<std::string_view, most_gathered_blocks> views_;
  std::size_t received_bytes_ = 0;
  std::size_t sent_bytes_ = 0;
};

/// Rank 0 and its workers in one process and without MPI and sockets: what is left does exactly the
/// same from run to run.
///
/// A round is what a busy server does in one turn of the event loop: all clients' commands arrive,
/// every worker gets one batch, all replies go out. Its parts are functions of their own, never
/// inlined, so that valgrind can be told by name what to count.
///
/// Thread safety: none.
/// Errors: throws std::logic_error when something is not answered.
class Server {
 public:
  Server(std::size_t workers, std::size_t clients);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Stores every key.
  void fill();
  /// `input[i]` arrives from client i.
  void round(std::span<const std::string> input);

  /// To all clients, so far.
  [[nodiscard]] std::size_t sent_bytes() const noexcept;

 private:
  /// Rank 0, I/O thread: from the received bytes to batches.
  [[gnu::noinline]] void order_commands();
  /// Rank 0, MPI thread.
  [[gnu::noinline]] void seal_requests();
  /// The workers: from a received batch to a reply ready to be sent.
  [[gnu::noinline]] void run_batches();
  /// Rank 0, MPI thread.
  [[gnu::noinline]] void check_replies();
  /// Rank 0, I/O thread: from replies to written bytes.
  [[gnu::noinline]] void answer_clients();

  Limits limits_;
  StagedTransport transport_;
  Coordinator coordinator_;
  Cluster cluster_;
  Service service_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace pkv::instructions
