#pragma once

#include "mpi/control_protocol.hpp"
#include "mpi/line_reader.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace pkv::mpi {

/// A keeper's connection to rank 0, which it makes again and again as long as the keeper lives.
///
/// Each connection begins with what `introduce` gives: a hello and the state of the rank. What is
/// said while there is no connection is therefore not lost, although it is not kept.
///
/// Rank 0 may leave while a connection is cut. Its machine then refuses connections, and if it goes
/// on to do so, that counts as the order to leave.
///
/// The owner polls descriptor() for events() and calls serve() when something has happened, or
/// `next_deadline` has passed.
///
/// Thread safety: none.
/// Errors: none; a connection that fails, or does not carry the protocol, is closed and tried again
/// after a pause.
class ControlLink {
 public:
  using Clock = std::chrono::steady_clock;

  /// `introduce` gives the lines that a connection begins with, for the endpoint's token.
  ControlLink(std::function<std::string(const std::string& token)> introduce,
              std::function<void(const control::Order&)> obey)
      : introduce_(std::move(introduce)), obey_(std::move(obey)) {}
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;
  ~ControlLink() { disconnect(); }

  /// To be called once.
  void connect_to(control::Endpoint endpoint);

  /// Nothing happens without a connection, or if rank 0 does not take what was said before.
  void say(const control::Report& report);

  void serve(short happened);

  [[nodiscard]] int descriptor() const noexcept { return socket_; }
  [[nodiscard]] short events() const noexcept;
  [[nodiscard]] std::optional<Clock::time_point> next_deadline() const noexcept { return act_at_; }

  /// Since when there has been no connection, if there is none although rank 0's place is known.
  [[nodiscard]] std::optional<Clock::time_point> apart_since() const noexcept {
    return apart_since_;
  }

 private:
  enum class State { apart, connecting, connected };

  void try_next_address();
  void finish_connecting();
  void note_failure(int error);
  void receive();
  void disconnect();
  void give_up_connection();

  std::function<std::string(const std::string&)> introduce_;
  std::function<void(const control::Order&)> obey_;
  std::optional<control::Endpoint> endpoint_;
  std::size_t next_address_ = 0;
  State state_ = State::apart;
  std::optional<Clock::time_point> apart_since_;
  int socket_ = -1;
  std::size_t refusals_ = 0;                 // in a row
  std::optional<Clock::time_point> act_at_;  // try again, or give up trying
  LineReader lines_{control::longest_line_bytes};
  std::string unsent_;
};

}  // namespace pkv::mpi
