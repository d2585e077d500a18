#pragma once

#include "coordinator/conversation.hpp"
#include "net/server/input_budget.hpp"
#include "net/wake_up.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace pkv {

/// One client's connection: moves bytes between its socket and its Conversation.
///
/// Reading is one coroutine. Output is written at once, in one gathered write per turn; only when
/// the socket takes no more does a second coroutine wait for it.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: its coroutines keep it alive through a shared_ptr. `service` and `budget` must outlive
/// it.
class Session final : public ConversationOwner, public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, Service& service, InputBudget& budget,
          std::uint64_t id);

  /// Serves the client until it leaves or is made to. Does not throw but for lack of memory.
  boost::asio::awaitable<void> run();

  /// Takes no further commands than those received, answers these, then ends.
  void finish();
  /// Ends at once; replies are lost.
  void cut();
  /// Lets go of `service` and `budget`, which are about to be destroyed. The coroutines must not
  /// run any more.
  void abandon() noexcept;

  void on_activity() override;

  [[nodiscard]] std::uint64_t id() const noexcept { return conversation_.id(); }

 private:
  boost::asio::awaitable<bool> read();
  boost::asio::awaitable<bool> execute();
  boost::asio::awaitable<void> answer_the_rest();
  static boost::asio::awaitable<void> write_the_rest(std::shared_ptr<Session> self);
  boost::asio::awaitable<void> see_off();
  boost::asio::awaitable<bool> obtain_grant();
  void flush();
  void write_some(boost::system::error_code& error);
  std::size_t write_pieces(boost::system::error_code& error);
  void release_grant();
  [[nodiscard]] std::size_t command_bytes();
  void restart_stall_timer(std::chrono::milliseconds patience);
  void on_stall();
  void check_overflow();

  boost::asio::ip::tcp::socket socket_;
  Service& service_;
  InputBudget& budget_;
  Conversation conversation_;
  WakeUp activity_;
  boost::asio::steady_timer stall_timer_;
  InputBudget::Grant grant_;
  bool waiting_ = false;      ///< run() waits for activity.
  bool writing_ = false;      ///< write_the_rest() is under way.
  bool finishing_ = false;    ///< The server wants to stop.
  bool input_ended_ = false;  ///< The client sends no more.
  bool answering_ = false;    ///< No further commands; the stall timer watches the output.
  bool gone_ = false;         ///< The socket is closed.
};

/// Runs a session to its end. The frame keeps the session alive.
boost::asio::awaitable<void> serve(std::shared_ptr<Session> session);

}  // namespace pkv
