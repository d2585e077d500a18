#pragma once

#include "mpi/message.hpp"

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace pkv::mpi {

/// MPI operations with processes that were lost, until MPI is done with their buffers.
///
/// A receive that nothing has matched is cancelled at once. What was in the middle of a message
/// ends when UCX has cleared the connection away; a receive that some fragments of its message have
/// reached may never end. What has not ended after `patience` is given up: the buffer is leaked,
/// for MPI may still write to it. That is at most one frame for each slot of a process that died.
///
/// Thread safety: none; lives on the MPI thread.
/// Lifetime: what has not ended when it is destroyed is leaked, too.
/// Errors: throws mpi::Error when MPI fails.
class AbandonedRequests {
 public:
  static constexpr std::chrono::seconds patience{5};

  AbandonedRequests() = default;
  AbandonedRequests(const AbandonedRequests&) = delete;
  AbandonedRequests& operator=(const AbandonedRequests&) = delete;
  ~AbandonedRequests();

  /// Takes over an operation, and cancels it if it is a receive.
  void add(MPI_Request request, Message message);

  /// Makes progress, and frees what has ended.
  void poll();

  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }
  /// Operations whose buffers were leaked so far.
  [[nodiscard]] std::size_t given_up() const noexcept { return given_up_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Message message;
    Clock::time_point since;
  };

  void drop_ended(int count);
  /// Forgets the oldest `count` of them.
  void give_up(std::size_t count) noexcept;

  // Parallel arrays, the oldest first: MPI wants the requests adjacent.
  std::vector<MPI_Request> requests_;
  std::vector<Entry> entries_;
  std::vector<int> indices_;
  std::size_t given_up_ = 0;
};

}  // namespace pkv::mpi
