#pragma once

#include "coordinator/reply_receiver.hpp"
#include "wire/operation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pkv {

/// What copying needs of the coordinator.
///
/// Every operation that is appended gets exactly one reply at its address, an error if need be; one
/// that finds no memory gets it before the call returns.
///
/// Thread safety: none; lives on the I/O thread.
class OrderPort {
 public:
  using Clock = std::chrono::steady_clock;

  OrderPort() = default;
  OrderPort(const OrderPort&) = delete;
  OrderPort& operator=(const OrderPort&) = delete;

  /// Begins a command of its own, with this one operation: one new place in the order.
  virtual void append(std::size_t worker, const wire::Operation& operation,
                      const ReplyAddress& address) = 0;

  /// Adds an operation to a place in the order that has been begun already: the current one, or an
  /// earlier one whose operation was kept back for this worker. It runs after everything that was
  /// appended for the worker before, with `sequence` as the version of what it writes.
  virtual void append_at(std::size_t worker, const wire::Operation& operation,
                         std::uint64_t sequence, const ReplyAddress& address) = 0;

  /// Bytes that wait for the worker to be ready for them.
  [[nodiscard]] virtual std::size_t waiting_bytes(std::size_t worker) const = 0;

  /// The time at the start of this turn.
  [[nodiscard]] virtual Clock::time_point now() const = 0;

 protected:
  ~OrderPort() = default;
};

}  // namespace pkv
