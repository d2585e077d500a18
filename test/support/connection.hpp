#pragma once

#include "pkv/command.hpp"
#include "pkv/reply.hpp"

#include "protocol/reply_parser.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::test {

/// A plain blocking connection to a server, to send any bytes over.
///
/// Nothing waits for longer than a minute.
///
/// Thread safety: none.
/// Errors: std::runtime_error and std::system_error.
class Connection {
 public:
  /// `host`: its IPv4 address, in digits; without it, this machine.
  explicit Connection(std::uint16_t port, const std::string& host = "127.0.0.1");
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  /// Sends all the bytes.
  void send(std::string_view bytes);
  /// Sends as many of the bytes as fit into the system's buffers; returns how many.
  std::size_t send_some(std::string_view bytes);
  void send(const pkv::Command& command);

  /// The next reply. Throws if the server hangs up or breaks the protocol.
  [[nodiscard]] Reply receive();
  /// The next reply, or nothing if the server hangs up instead.
  [[nodiscard]] std::optional<Reply> receive_or_end();

  template <CommandWord... Words>
  [[nodiscard]] Reply ask(std::string_view name, const Words&... arguments) {
    send(pkv::Command(name, arguments...));
    return receive();
  }

  /// Waits until there is something to read.
  void wait_for_bytes();
  /// All the bytes from here to the end, which the server makes.
  [[nodiscard]] std::string receive_rest();

  /// Says that nothing more will be sent; answers can still be received.
  void finish_sending();
  /// Ends the connection as the end of a process in the middle of something does: unread answers
  /// make it a reset.
  void abandon();

 private:
  /// Returns false at the end of the stream.
  bool receive_more();

  int socket_ = -1;
  std::string received_;
  std::size_t parsed_ = 0;  // bytes of received_
  ReplyParser parser_;
};

/// A reply to NODES, RING or RING WHERE as names and values. The value of `name`; throws if there
/// is none.
[[nodiscard]] const Reply& field(const Reply& record, std::string_view name);

/// A key for each of the nodes, which live there by the server's own account (RING WHERE).
[[nodiscard]] std::vector<std::string> keys_on_all_nodes(Connection& connection, int nodes);

/// Whether a new client gets an answer.
[[nodiscard]] bool still_answers(std::uint16_t port);

}  // namespace pkv::test
