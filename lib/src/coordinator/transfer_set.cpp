#include "coordinator/transfer_set.hpp"

#include "pkv/ring.hpp"
#include "pkv/storage_engine.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace pkv {

TransferSet::TransferSet(OrderPort& port, const Settings& settings)
    : port_(port), pace_(settings.pace), budget_(settings.budget) {}

void TransferSet::start(PlannedTransfer plan) {
  TransferPlan what;
  what.id = plan.id;
  what.source = plan.source;
  what.destination = plan.destination;
  what.ranges = std::make_shared<const RingRanges>(std::move(plan.ranges));
  const auto former = transfers_.find(plan.continues);
  transfers_.emplace(plan.id,
                     former == transfers_.end()
                         ? std::make_shared<Transfer>(port_, budget_, pace_, what)
                         : std::make_shared<Transfer>(port_, budget_, pace_, what, former->second));
}

void TransferSet::end(std::uint32_t transfer) {
  const auto found = transfers_.find(transfer);
  if (found == transfers_.end()) return;
  failed_.erase(transfer);
  if (!found->second->complete()) found->second->cancel();
  ended_.push_back(std::move(found->second));
  transfers_.erase(found);
}

void TransferSet::erase(Drop drop) {
  auto ranges = std::make_shared<const RingRanges>(std::move(drop.ranges));
  auto eraser =
      std::make_unique<Eraser>(port_, budget_, pace_, drop.id, drop.worker, std::move(ranges));
  eraser->start();
  erasers_.emplace(drop.id, Erasing{drop.worker, std::move(eraser)});
}

void TransferSet::forget_erasing(WorkerIndex worker) {
  for (auto at = erasers_.begin(); at != erasers_.end();) {
    if (at->second.worker != worker) {
      ++at;
      continue;
    }
    at->second.eraser->stop();
    ended_erasers_.push_back(std::move(at->second.eraser));
    at = erasers_.erase(at);
  }
}

void TransferSet::on_write(std::uint32_t transfer, const wire::Operation& operation,
                           std::uint64_t sequence) {
  const auto found = transfers_.find(transfer);
  if (found == transfers_.end()) return;
  try {
    found->second->on_write(scan_position(operation.key), operation, sequence);
  } catch (const std::bad_alloc&) {
    // The copy lacks a write that the holders have. It starts anew with another process.
    unusable_.push_back(static_cast<WorkerIndex>(found->second->plan().destination));
  }
}

void TransferSet::on_clear() {
  for (const auto& [id, transfer] : transfers_)
    transfer->on_clear();
}

bool TransferSet::has_room_for_held(std::size_t worker) const noexcept {
  return std::ranges::all_of(transfers_, [this, worker](const auto& entry) {
    const Transfer& transfer = *entry.second;
    if (transfer.plan().destination != worker) return true;
    return !writes_wait_ && transfer.has_room(transfer.frontier());
  });
}

bool TransferSet::settled() const noexcept {
  return std::ranges::all_of(transfers_, [](const auto& entry) {
    const Transfer& transfer = *entry.second;
    return transfer.complete() && transfer.idle() && !transfer.divergence();
  });
}

void TransferSet::step() {
  const auto step = [this](Transfer& transfer) {
    transfer.step();
    if (transfer.divergence())
      unusable_.push_back(static_cast<WorkerIndex>(transfer.plan().destination));
  };
  for (const auto& [id, transfer] : transfers_)
    step(*transfer);
  for (const auto& [id, erasing] : erasers_)
    erasing.eraser->step();
  for (const auto& transfer : ended_)
    step(*transfer);
  for (const auto& eraser : ended_erasers_)
    eraser->step();
  std::erase_if(ended_, [](const auto& transfer) { return transfer->idle(); });
  std::erase_if(ended_erasers_, [](const auto& eraser) { return eraser->idle(); });
}

TransferSet::News TransferSet::take_news() {
  News news;
  news.unusable = std::exchange(unusable_, {});
  for (const auto& [id, transfer] : transfers_) {
    const auto destination = static_cast<WorkerIndex>(transfer->plan().destination);
    if (transfer->complete()) news.complete.push_back({id, destination});
    if (transfer->failure() && failed_.insert(id).second)
      news.failed.push_back({id, static_cast<WorkerIndex>(transfer->plan().source), destination,
                             *transfer->failure()});
  }
  for (auto at = erasers_.begin(); at != erasers_.end();) {
    const Eraser& eraser = *at->second.eraser;
    if (eraser.failure()) news.unusable.push_back(at->second.worker);
    if (!eraser.done()) {
      ++at;
      continue;
    }
    news.erased.push_back(at->first);
    ended_erasers_.push_back(std::move(at->second.eraser));
    at = erasers_.erase(at);
  }
  return news;
}

std::optional<TransferProgress> TransferSet::progress(WorkerIndex worker) const {
  std::optional<TransferProgress> sum;
  double transfers = 0;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer->plan().destination != worker) continue;
    if (!sum) sum.emplace();
    const TransferProgress one = transfer->progress();
    sum->share += one.share;
    sum->keys += one.keys;
    sum->bytes += one.bytes;
    ++transfers;
  }
  if (sum) sum->share /= transfers;
  return sum;
}

}  // namespace pkv
