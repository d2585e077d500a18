#pragma once

#include "pkv/kv_store.hpp"

#include "wire/copying.hpp"
#include "worker/store_view.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

namespace pkv {

/// The views of a node's entries that are open, by number.
///
/// Whoever changes the store tells them before: before_write() for each entry, before_clear() for
/// all, as long as there is any() view at all.
///
/// A view that nobody has asked for anything for `idle_limit` is closed by expire().
///
/// Thread safety: none; lives on the worker's thread.
/// Lifetime: `store` must outlive it. What find() returns is good until the next open(), close() or
/// expire().
/// Errors: open() returns errc::overloaded beyond `most_views`, and errc::out_of_memory for more
/// ranges than RangeSets would take. Neither changes anything.
class StoreViews {
 public:
  struct Settings {
    std::size_t most_views = 8;
    /// For what writes replace, all views together; beyond it a view is lost.
    std::size_t most_saved_bytes = std::size_t{256} << 20;
    std::chrono::milliseconds idle_limit{60'000};
  };

  StoreViews(KVStore& store, const Settings& settings)
      : store_(store), settings_(settings), memory_{settings.most_saved_bytes} {}

  /// Opens a view of what the store holds now, in place of one of that number. `sequence` is the
  /// present place in the order.
  [[nodiscard]] result<void> open(const wire::RangesView& ranges, Version sequence,
                                  std::int64_t clock_ms);
  /// Without effect if there is none of that number.
  void close(std::uint32_t number) noexcept { views_.erase(number); }

  /// Null if there is none of that number. It counts as asked for something.
  [[nodiscard]] StoreView* find(std::uint32_t number, std::int64_t clock_ms) noexcept;

  /// The place of the oldest view. Requires: any().
  [[nodiscard]] Version oldest_sequence() const noexcept;
  [[nodiscard]] bool any() const noexcept { return !views_.empty(); }
  void before_write(std::string_view key, Version version) noexcept;
  void before_clear(const std::shared_ptr<KVStore>& former) noexcept;

  void expire(std::int64_t clock_ms) noexcept;

  /// What the views have saved takes about this.
  [[nodiscard]] std::size_t saved_bytes() const noexcept { return memory_.bytes; }

 private:
  struct Open {
    std::unique_ptr<StoreView> view;
    std::int64_t asked_ms;  ///< When it was asked for something.
  };

  KVStore& store_;
  Settings settings_;
  SavedMemory memory_;
  std::map<std::uint32_t, Open> views_;
};

}  // namespace pkv
