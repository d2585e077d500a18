#pragma once

#include "pkv/kv_store.hpp"

#include "wire/copying.hpp"
#include "worker/range_sets.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace pkv {

/// The memory of what views have saved, all of a node's views together.
struct SavedMemory {
  std::size_t most_bytes;
  std::size_t bytes = 0;
};

/// The entries that a store had in some ranges of the ring at one moment, while it goes on being
/// written: a snapshot by copying before writing, whose reader moves on through the entries.
///
///     StoreView view(store, ranges, sequence, memory);
///     view.before_write(key, hash, version);      // before each write
///     result<std::uint64_t> next = view.visit_page(request, visit);
///
/// It is read once, page after page by rising scan position. Of what lies behind the beginning of
/// the page that was asked for last, it saves what a write is about to replace; the rest will not
/// be asked for again. What was not there at that moment needs no saving where the version tells.
/// What expires meanwhile stays in it, if the store does not remove it.
///
/// Thread safety: none.
/// Lifetime: `store` and `memory` must outlive it.
/// Errors: when the memory does not suffice, or the store cannot be read, the view is lost, and
/// gives back what it had saved: it answers errc::view_lost from then on. Writes never fail for it.
class StoreView {
 public:
  /// All that is in the store has a version up to `sequence`, and what is written from now on a
  /// greater one, except entries that are copied here from other nodes.
  StoreView(KVStore& store, RangeSet ranges, Version sequence, SavedMemory& memory)
      : store_(&store), ranges_(std::move(ranges)), sequence_(sequence), memory_(memory) {}
  StoreView(const StoreView&) = delete;
  StoreView& operator=(const StoreView&) = delete;
  ~StoreView() { forget_saved(); }

  /// The entry of the key is about to be written with this version, or erased: with one that is
  /// greater than that of all entries.
  /// Requires: hash == hash_bytes(key).
  void before_write(std::string_view key, std::uint64_t hash, Version version) noexcept;
  /// All entries are about to go. `former`, if there is one, is a store of their own that they have
  /// just been moved to; without it they are copied, as many as the memory takes.
  void before_clear(std::shared_ptr<KVStore> former) noexcept;

  /// Visits the entries that were there, in the order of their scan positions, from `request.from`
  /// until one of the request's limits is met; returns where that is. Exactly the entries before it
  /// have been visited. A page takes at most twice what the limits say. The views are good only
  /// while they are visited, and the store must not be changed meanwhile. `request.set` is of no
  /// account.
  ///
  /// A page can be asked for again until one behind it has been asked for; it may end elsewhere.
  /// Errors: errc::malformed_frame for a page in front of one that was asked for before;
  /// errc::view_lost; those of StorageEngine::scan. Throws std::bad_alloc, and what `visit` throws.
  [[nodiscard]] result<std::uint64_t> visit_page(
      const wire::CopyRequest& request, const std::function<void(const EntryView&)>& visit);

  /// The entry of a key, if its page has not been passed. The view is good until the store is used
  /// again. Errors: errc::key_not_found; those of visit_page.
  [[nodiscard]] result<ValueView> find(std::string_view key);

  [[nodiscard]] bool lost() const noexcept { return lost_; }
  [[nodiscard]] Version sequence() const noexcept { return sequence_; }

 private:
  /// Where a saved entry belongs.
  struct Place {
    std::uint64_t position;
    std::string key;
  };
  struct PlaceView {
    std::uint64_t position;
    std::string_view key;
  };
  struct InOrder {
    using is_transparent = void;
    template <class Left, class Right>
    [[nodiscard]] bool operator()(const Left& left, const Right& right) const noexcept {
      if (left.position != right.position) return left.position < right.position;
      return std::string_view(left.key) < std::string_view(right.key);
    }
  };
  struct Saved {
    bool existed;
    std::string value;
    Version version;
    Timestamp expires_at;
  };
  using SavedEntries = std::map<Place, Saved, InOrder>;

  void save(std::uint64_t position, std::string_view key, const ValueView* entry);
  void save_all();
  void drop_saved_before(std::uint64_t position) noexcept;
  void forget_saved() noexcept;
  void lose() noexcept;
  [[nodiscard]] std::uint64_t end_of_saved(const wire::CopyRequest& request) const noexcept;
  [[nodiscard]] static std::size_t bytes_of(std::string_view key, std::string_view value) noexcept;

  KVStore* store_;                   // where what has not been saved is
  std::shared_ptr<KVStore> former_;  // that store, since the node's was cleared
  RangeSet ranges_;
  Version sequence_;
  SavedMemory& memory_;
  SavedEntries saved_;  // none before the frontier
  std::uint64_t frontier_ = 0;
  bool lost_ = false;
};

}  // namespace pkv
