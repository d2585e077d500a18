#pragma once

#include "pkv/entry.hpp"
#include "pkv/errc.hpp"
#include "pkv/shared_value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace pkv {

/// A position in a scan: 0 is the beginning, and as an answer also the end.
///
/// Always below 2^48, so that a caller may keep a node's number above it.
using ScanCursor = std::uint64_t;

/// Where a scan comes to a key: the low 48 bits of its hash (XXH3, 64 bits, seed 0) in reverse
/// order. A function of the key alone, so that the scans of all nodes agree, and a caller can tell
/// whether a scan that has got to `cursor` has passed a key: scan_position(key) < cursor.
[[nodiscard]] ScanCursor scan_position(std::string_view key) noexcept;

/// One step of a scan.
struct ScanPage {
  /// All entries whose scan position is at or after the cursor that was asked for and before
  /// `next`, in any order. Those of one scan position are never parted.
  std::vector<EntryView> entries;
  /// Where the scan goes on; 0 when it is complete.
  ScanCursor next = 0;
};

/// Keeps the entries of one node: the part of a store that differs between memory and disk.
///
/// KVStore adds the rules (limits, which errors, numbers) and is what most code should hold. To
/// write an engine, override the pure functions; the others have a meaning that suits an engine in
/// memory. Keys and values are bytes; both may be empty. Versions and times of expiry are stored as
/// given: an entry whose time has come is there like any other until remove_expired() takes it
/// away.
///
/// Requires, everywhere: key.size() <= largest_max_key_bytes, value.size() <=
/// largest_max_value_bytes, and no argument points into the engine's own entries. Thread safety:
/// none; one thread at a time. Lifetime: views point into the engine and are valid until its next
/// non-const function is called, find and scan included. Errors: errc::storage_failure when the
/// medium fails, errc::out_of_memory when there is no room; the entries are as before then.
class StorageEngine {
 public:
  StorageEngine() = default;
  StorageEngine(const StorageEngine&) = delete;
  StorageEngine& operator=(const StorageEngine&) = delete;
  virtual ~StorageEngine() = default;

  /// Errors: errc::key_not_found.
  [[nodiscard]] virtual result<ValueView> find(std::string_view key) = 0;

  /// Inserts the entry, or replaces all but its key.
  [[nodiscard]] virtual result<void> put(std::string_view key, std::string_view value,
                                         Version version, Timestamp expires_at = never) = 0;

  /// What put() does, of an entry in memory of its own. An engine that keeps the memory leaves
  /// `entry` without any; by default it copies the value as put() does.
  [[nodiscard]] virtual result<void> adopt(ReceivedEntry& entry, Version version,
                                           Timestamp expires_at = never);

  /// Holds on to a value that is large enough to be worth that, see SharedValue. Nothing if it is
  /// not, if there is none, or, as by default, if the engine has no values that can be shared.
  [[nodiscard]] virtual SharedValue share(std::string_view key);

  /// Adds `tail` to the end of the value, which is empty if there is none, and returns its new
  /// length. The time of expiry stays. Requires: the new length is at most
  /// largest_max_value_bytes.
  [[nodiscard]] virtual result<std::size_t> append(std::string_view key, std::string_view tail,
                                                   Version version);

  /// Replaces an entry's version and time of expiry, and keeps its value. Errors:
  /// errc::key_not_found.
  [[nodiscard]] virtual result<void> set_expiry(std::string_view key, Version version,
                                                Timestamp expires_at);

  /// Removes the entry, unless it has expired at `now`; returns whether it did.
  [[nodiscard]] virtual result<bool> erase(std::string_view key, Timestamp now = never) = 0;

  /// Removes all entries and gives their memory back. Takes time in proportion to it.
  [[nodiscard]] virtual result<void> clear() = 0;

  /// Moves all entries into an engine of their own and returns that; this one is empty then. Takes
  /// no time for each of them. Null, and nothing has changed, where there is no memory for a second
  /// engine or, as by default, entries cannot be moved so.
  [[nodiscard]] virtual std::unique_ptr<StorageEngine> move_out() noexcept;

  /// Returns about `count` entries from `cursor` on, and where that ends; there may be more, fewer
  /// or none before the end. Any cursor may be given; beyond all positions there is nothing.
  ///
  /// A scan goes through the entries in the order of scan_position, page by page: so from 0 until
  /// `next` is 0 it returns every entry that is there all the time exactly once, whatever is
  /// written in between; entries that come or go meanwhile at most once, unless a key is erased and
  /// written anew.
  [[nodiscard]] virtual result<ScanPage> scan(ScanCursor cursor, std::size_t count) = 0;

  /// The same for those to whom keys and times of expiry are enough: values may be empty and
  /// versions 0 where an engine would have to read them.
  [[nodiscard]] virtual result<ScanPage> scan_keys(ScanCursor cursor, std::size_t count);

  /// Removes entries whose time of expiry is at or before `now`, at most so many, the earliest
  /// first, and says how many it has removed.
  [[nodiscard]] virtual result<std::size_t> remove_expired(Timestamp now, std::size_t most) = 0;

  /// All entries, also those whose time has come and that have not been removed yet.
  [[nodiscard]] virtual std::size_t count() const noexcept = 0;

  /// How many entries have a time of expiry at or before `now`. Takes time in proportion to them,
  /// and none when there are none.
  [[nodiscard]] virtual std::size_t count_expired(Timestamp now) const noexcept = 0;

  /// The earliest time of expiry that any entry has.
  [[nodiscard]] virtual Timestamp earliest_expiry() const noexcept = 0;

  /// How many entries have a time of expiry.
  [[nodiscard]] virtual std::size_t count_expiring() const noexcept = 0;

  /// The greatest version that was ever written, as far as that is known after a restart: 0 for an
  /// engine that always starts empty.
  [[nodiscard]] virtual Version newest_version() const noexcept;

  /// The memory that the entries and their index take, about.
  [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;

  /// Says that these keys are about to be used, so that their memory is fetched together.
  virtual void prefetch(std::span<const std::string_view> keys) const noexcept;

  /// The writes until end_batch belong together: a transactional engine commits them at once.
  [[nodiscard]] virtual result<void> begin_batch();

  /// Says that what the batch has written and erased so far has versions up to this one; of
  /// erasures an engine does not learn it otherwise.
  virtual void reach(Version version) noexcept;

  /// Keeps, with the batch, what a command at this place in the order writes at all nodes, the
  /// batch being this node's part of it: so that what was cut off in the middle can be completed at
  /// the others. All commands up to `settled` have been done everywhere, so their records are not
  /// needed any more. Engines that do not outlive their process have no use for it.
  [[nodiscard]] virtual result<void> keep_record(Version place, Version settled,
                                                 std::string_view writes);

  /// Ends what begin_batch began. On an error none of the batch's writes has happened.
  [[nodiscard]] virtual result<void> end_batch();

  /// Returns when everything written so far would survive a loss of power.
  [[nodiscard]] virtual result<void> flush();

  /// There is nothing else to do: an engine may finish what it has put off.
  virtual void rest() noexcept;
};

}  // namespace pkv
