#pragma once

#include "mpi/doorbell.hpp"
#include "mpi/mpi_transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pkv::mpi_batch {

/// The node that a worker is, and its incarnation, on both sides.
[[nodiscard]] inline NodeId node_of(std::size_t worker) noexcept {
  return NodeId{static_cast<std::uint32_t>(worker + 1)};
}
inline constexpr std::uint32_t first_epoch = 1;

/// In the place of rank 0's I/O thread: sends one batch at a time, to the workers in turn, and
/// sleeps until its answer has come.
///
/// Thread safety: none; lives on a thread of its own, beside the transport's.
/// Lifetime: the transport must outlive it, and must not be used by anybody else. It must outlive
/// the transport's run(), which tells it of arrivals.
class Driver {
 public:
  explicit Driver(mpi::MpiTransport& transport);

  /// The time from handing over a batch of SETs, 64 bytes to random keys, until its answer is here.
  /// Writing the batch and reading the answer are not part of it.
  /// Errors: throws std::runtime_error when there is no answer, or a wrong one.
  [[nodiscard]] std::chrono::nanoseconds round_trip(std::uint32_t operations);

 private:
  [[nodiscard]] wire::Frame next_batch(std::uint32_t operations);
  void await_arrival();
  void take_answer(std::uint32_t operations);

  mpi::MpiTransport& transport_;
  mpi::Doorbell doorbell_;
  std::vector<wire::Arrival> arrivals_;
  std::vector<std::uint32_t> next_slots_;
  std::size_t worker_ = 0;
  std::uint64_t sequence_ = 1;
  std::mt19937_64 random_{1};
  std::string value_;
};

}  // namespace pkv::mpi_batch
