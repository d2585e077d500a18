#include "worker/store_view.hpp"

#include "base/hash.hpp"
#include "storage/scan_position.hpp"
#include "wire/first_sequence.hpp"
#include "worker/page_walk.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace pkv {
namespace {

// What the map takes for an entry beside its bytes.
constexpr std::size_t node_bytes = 160;

constexpr std::uint32_t entries_per_copied_page = 4'096;

/// Sets a store's time back to a place in the order, until it is destroyed.
class AsOf {
 public:
  AsOf(KVStore& store, Version sequence) noexcept : store_(store), time_(store.time()) {
    store.set_time(time_at(sequence));
  }
  AsOf(const AsOf&) = delete;
  AsOf& operator=(const AsOf&) = delete;
  ~AsOf() { store_.set_time(time_); }

 private:
  KVStore& store_;
  Timestamp time_;
};

}  // namespace

std::size_t StoreView::bytes_of(std::string_view key, std::string_view value) noexcept {
  return node_bytes + key.size() + value.size();
}

void StoreView::before_write(std::string_view key, std::uint64_t hash, Version version) noexcept {
  const std::uint64_t position = position_of(hash);
  if (lost_ || former_ || position < frontier_ || !ranges_.contains(hash)) return;
  if (saved_.contains(PlaceView{position, key})) return;
  const AsOf as_of(*store_, sequence_);
  const result<ValueView> present = store_->find(key);
  if (!present && present.error() == errc::key_too_long) return;  // cannot be written either
  if (!present && present.error() != errc::key_not_found) return lose();
  const bool was_there = present && present->version <= sequence_;
  if (!was_there && version > sequence_) return;  // the version will tell that it is new
  try {
    save(position, key, was_there ? &*present : nullptr);
  } catch (const std::bad_alloc&) {
    lose();
  }
}

void StoreView::before_clear(std::shared_ptr<KVStore> former) noexcept {
  if (lost_ || former_) return;
  if (former) {
    store_ = former.get();
    former_ = std::move(former);
    return;
  }
  try {
    save_all();
  } catch (const std::bad_alloc&) {
    lose();
  }
}

void StoreView::save(std::uint64_t position, std::string_view key, const ValueView* entry) {
  const std::string_view value = entry == nullptr ? std::string_view() : entry->value;
  const std::size_t bytes = bytes_of(key, value);
  if (memory_.bytes > memory_.most_bytes || bytes > memory_.most_bytes - memory_.bytes)
    return lose();
  Saved saved{entry != nullptr, std::string(value), 0, never};
  if (entry != nullptr) {
    saved.version = entry->version;
    saved.expires_at = entry->expires_at;
  }
  saved_.emplace(Place{position, std::string(key)}, std::move(saved));
  memory_.bytes += bytes;
}

void StoreView::save_all() {
  const AsOf as_of(*store_, sequence_);
  wire::CopyRequest request{.set = 0,
                            .from = frontier_,
                            .to = wire::scan_end,
                            .most_bytes = std::numeric_limits<std::uint32_t>::max(),
                            .most_entries = entries_per_copied_page};
  while (!lost_ && request.from < request.to) {
    const auto next = walk_page(*store_, ranges_, request, [this](const EntryView& entry) {
      const PlaceView place{scan_position(entry.key), entry.key};
      if (lost_ || entry.version > sequence_ || saved_.contains(place)) return;
      const ValueView value{entry.value, entry.version, entry.expires_at};
      save(place.position, entry.key, &value);
    });
    if (!next) return lose();
    request.from = *next;
  }
}

result<std::uint64_t> StoreView::visit_page(const wire::CopyRequest& request,
                                            const std::function<void(const EntryView&)>& visit) {
  if (lost_) return errc::view_lost;
  if (request.from < frontier_) return errc::malformed_frame;
  const AsOf as_of(*store_, sequence_);
  frontier_ = request.from;
  drop_saved_before(frontier_);

  wire::CopyRequest page = request;
  page.to = std::min(request.to, end_of_saved(request));
  auto saved = saved_.cbegin();
  const auto visit_saved_before = [&](std::uint64_t position) {
    for (; saved != saved_.cend() && saved->first.position < position; ++saved)
      if (saved->second.existed)
        visit({saved->first.key, saved->second.value, saved->second.version,
               saved->second.expires_at});
  };
  const auto next = walk_page(*store_, ranges_, page, [&](const EntryView& entry) {
    const std::uint64_t position = scan_position(entry.key);
    visit_saved_before(position);
    if (entry.version <= sequence_ && !saved_.contains(PlaceView{position, entry.key}))
      visit(entry);
  });
  if (next) visit_saved_before(*next);
  return next;
}

/// Where a page has to end lest it hold more than its limits in saved entries alone.
std::uint64_t StoreView::end_of_saved(const wire::CopyRequest& request) const noexcept {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t last = request.from;
  for (const auto& [place, saved] : saved_) {
    if (place.position >= request.to) break;
    bytes += wire::encoded_bytes({place.key, saved.value, saved.version, saved.expires_at});
    const bool full = bytes > request.most_bytes || entries >= request.most_entries;
    // Those of one position are not parted.
    if (full && entries > 0 && place.position > last) return place.position;
    last = place.position;
    ++entries;
  }
  return wire::scan_end;
}

result<ValueView> StoreView::find(std::string_view key) {
  if (lost_) return errc::view_lost;
  const std::uint64_t hash = hash_bytes(key);
  const std::uint64_t position = position_of(hash);
  if (position < frontier_) return errc::malformed_frame;
  if (!ranges_.contains(hash)) return errc::key_not_found;
  if (const auto saved = saved_.find(PlaceView{position, key}); saved != saved_.end()) {
    if (!saved->second.existed) return errc::key_not_found;
    return ValueView{saved->second.value, saved->second.version, saved->second.expires_at};
  }
  const AsOf as_of(*store_, sequence_);
  const result<ValueView> present = store_->find(key);
  if (present && present->version > sequence_) return errc::key_not_found;
  return present;
}

void StoreView::drop_saved_before(std::uint64_t position) noexcept {
  auto end = saved_.begin();
  for (; end != saved_.end() && end->first.position < position; ++end)
    memory_.bytes -= bytes_of(end->first.key, end->second.value);
  saved_.erase(saved_.begin(), end);
}

void StoreView::forget_saved() noexcept {
  drop_saved_before(wire::scan_end);
}

void StoreView::lose() noexcept {
  lost_ = true;
  forget_saved();
  former_.reset();
}

}  // namespace pkv
