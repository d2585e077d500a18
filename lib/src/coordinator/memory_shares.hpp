#pragma once

#include "pkv/ring.hpp"
#include "pkv/server_options.hpp"

#include "wire/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace pkv {

/// How much of the memory that a store may use each worker may take, and takes as far as is known.
///
/// A worker's share follows from its node's weight among those on the ring. While entries move to
/// where a new ring wants them, its old share is good as well, if that was larger; and a worker
/// that is off the ring may hold what it still does.
///
/// What a worker holds it tells with every reply. What it has been asked to do since then is taken
/// to add as much as it could, so that what is let pass never exceeds the share: but for the
/// rounding of values that grow in place, an eighth of them at most, and what is copied to it.
///
/// Thread safety: none; lives on the I/O thread.
class MemoryShares {
 public:
  /// `total` is in bytes; 0: nothing is limited.
  MemoryShares(std::size_t total, std::size_t workers) : total_(total), workers_(workers) {}

  [[nodiscard]] bool limited() const noexcept { return total_ > 0; }
  [[nodiscard]] std::size_t total() const noexcept { return total_; }

  /// `nodes[i]` is served by worker i.
  void set_ring(const Ring& ring, const std::vector<ServerNode>& nodes);
  /// All entries are where the ring wants them.
  void settle() noexcept;
  [[nodiscard]] bool settled() const noexcept { return settled_; }

  /// The worker has told, in answer to a batch with this place in the order.
  void note(std::size_t worker, std::uint64_t sequence, std::uint64_t stored_bytes) noexcept;
  /// The worker's process is gone, with all that it held.
  void forget(std::size_t worker) noexcept;

  /// The most that an operation can add to a worker's entries and their index.
  [[nodiscard]] static std::size_t most_growth(std::size_t encoded_bytes,
                                               std::size_t operations) noexcept;

  /// Claims room for a command that is about to be ordered. False if the worker has none: it holds
  /// so much, with what all claims and the `unanswered` growth may add.
  [[nodiscard]] bool claim(std::size_t worker, std::size_t growth, std::size_t unanswered) noexcept;
  /// The claims on this worker have been looked at.
  void drop_claims(std::size_t worker) noexcept { workers_[worker].claimed = 0; }

  [[nodiscard]] bool is_limited(std::size_t worker) const noexcept {
    return share(worker) != std::numeric_limits<std::size_t>::max();
  }
  /// In bytes; the greatest number if the worker is not limited.
  [[nodiscard]] std::size_t share(std::size_t worker) const noexcept;

 private:
  struct Worker {
    std::size_t share = 0;       ///< By the ring; 0: it is not on the ring.
    std::size_t last_share = 0;  ///< While entries move.
    std::size_t stored = 0;
    std::uint64_t told_at = 0;
    std::size_t claimed = 0;
  };

  std::size_t total_;
  std::vector<Worker> workers_;
  bool settled_ = true;
};

}  // namespace pkv
