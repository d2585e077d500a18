#include "worker/store_views.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace pkv {

result<void> StoreViews::open(const wire::RangesView& ranges, Version sequence,
                              std::int64_t clock_ms) {
  if (views_.size() >= settings_.most_views && !views_.contains(ranges.set()))
    return errc::overloaded;
  if (ranges.size() > RangeSets::most_bytes / sizeof(wire::RingRange)) return errc::out_of_memory;
  try {
    auto view = std::make_unique<StoreView>(store_, RangeSet(ranges), sequence, memory_);
    views_[ranges.set()] = Open{std::move(view), clock_ms};
  } catch (const std::bad_alloc&) {
    return errc::out_of_memory;
  }
  return {};
}

StoreView* StoreViews::find(std::uint32_t number, std::int64_t clock_ms) noexcept {
  const auto found = views_.find(number);
  if (found == views_.end()) return nullptr;
  found->second.asked_ms = clock_ms;
  return found->second.view.get();
}

Version StoreViews::oldest_sequence() const noexcept {
  Version oldest = std::numeric_limits<Version>::max();
  for (const auto& [number, open] : views_)
    oldest = std::min(oldest, open.view->sequence());
  return oldest;
}

void StoreViews::before_write(std::string_view key, Version version) noexcept {
  const std::uint64_t hash = hash_bytes(key);
  for (auto& [number, open] : views_)
    open.view->before_write(key, hash, version);
}

void StoreViews::before_clear(const std::shared_ptr<KVStore>& former) noexcept {
  for (auto& [number, open] : views_)
    open.view->before_clear(former);
}

void StoreViews::expire(std::int64_t clock_ms) noexcept {
  std::erase_if(views_, [&](const auto& each) {
    return clock_ms - each.second.asked_ms > settings_.idle_limit.count();
  });
}

}  // namespace pkv
