#include "coordinator/memory_shares.hpp"

#include <algorithm>
#include <limits>

namespace pkv {
namespace {

// A record's header, its part of the index and, of a large value, the head of its block, beyond the
// head of the operation that brings it.
constexpr std::size_t overhead_bytes = 56;

}  // namespace

void MemoryShares::set_ring(const Ring& ring, const std::vector<ServerNode>& nodes) {
  double weights = 0;
  for (const RingNode& node : ring.nodes())
    weights += node.weight;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    worker.last_share = std::max(worker.last_share, worker.share);
    const auto on_ring = ring.index_of(nodes[i].id);
    const double part = on_ring ? ring.nodes()[*on_ring].weight / weights : 0.0;
    worker.share = static_cast<std::size_t>(static_cast<double>(total_) * part);
  }
  settled_ = false;
}

void MemoryShares::settle() noexcept {
  for (Worker& worker : workers_)
    worker.last_share = 0;
  settled_ = true;
}

void MemoryShares::note(std::size_t worker, std::uint64_t sequence,
                        std::uint64_t stored_bytes) noexcept {
  Worker& told = workers_[worker];
  if (sequence < told.told_at) return;  // answers to several batches may overtake each other
  told.told_at = sequence;
  told.stored = stored_bytes;
}

void MemoryShares::forget(std::size_t worker) noexcept {
  workers_[worker].told_at = 0;
  workers_[worker].stored = 0;
}

std::size_t MemoryShares::most_growth(std::size_t encoded_bytes, std::size_t operations) noexcept {
  return encoded_bytes + encoded_bytes / 8 +
         operations * overhead_bytes;  // rounded up, see SizeClass
}

bool MemoryShares::claim(std::size_t worker, std::size_t growth, std::size_t unanswered) noexcept {
  Worker& claimed = workers_[worker];
  claimed.claimed += growth;
  return claimed.stored + unanswered + claimed.claimed <= share(worker);
}

std::size_t MemoryShares::share(std::size_t worker) const noexcept {
  const std::size_t share = std::max(workers_[worker].share, workers_[worker].last_share);
  return share == 0 ? std::numeric_limits<std::size_t>::max() : share;
}

}  // namespace pkv
