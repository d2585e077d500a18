#pragma once

#include "pkv/kv_store.hpp"

#include "worker/byte_fifo.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace pkv {

/// What a key held at an earlier place in the order.
struct Past {
  enum class Kind {
    unchanged,  ///< What the store holds now.
    absent,
    value,
    forgotten,  ///< The log does not go back that far.
  };
  Kind kind = Kind::unchanged;
  std::string_view value{};  ///< Lives until the log is changed.
  Timestamp expires_at = never;
};

/// What the latest writes of a node have replaced: with it, a read can be answered as of its place
/// in the order although later writes have been run (multiversion reading, by a roll-back log as in
/// Reed, "Naming and Synchronization in a Decentralized Computer System", 1978).
///
///     log.record(version, key, value_before);   // before every write
///     log.record_clear(version, former);             // before a clear: what it removes
///     log.forget(stable);                        // nobody will ask for what was before that
///     Past past = log.find(key, sequence);       // between them
///
/// Old values are copied, however large. What a clear removes is kept as it is: a store of its own.
/// Only the time until all earlier operations have been
/// answered is remembered, and at most `most_bytes`: beyond it the oldest go, and with them the
/// power to answer for the time before. Of stores that were cleared the newest is kept whatever its
/// size, as its memory was in use before; all together take no more than `most_bytes` otherwise.
///
/// The entries of keys that share their hash's low bits are
/// linked from the oldest on, for a look-up wants the oldest entry that is late enough.
///
/// The versions of writes on one key must ascend; those on different keys need not.
///
/// Thread safety: none.
/// Errors: none. Without memory for an entry everything is forgotten.
class UndoLog {
 public:
  static constexpr std::size_t default_most_bytes = std::size_t{1} << 30;

  explicit UndoLog(std::size_t most_bytes = default_most_bytes) : most_bytes_(most_bytes) {}

  /// Notes what a key holds before the write `version`: a value, or none.
  void record(Version version, std::string_view key, const std::optional<std::string_view>& before,
              Timestamp expires_at = never) noexcept;
  /// Notes that all keys go, and what they held.
  void record_clear(Version version, std::shared_ptr<KVStore> former) noexcept;
  /// Notes that what the write `version` replaced cannot be known, and forgets all before.
  void record_unknown(Version version) noexcept;

  /// Drops the entries of writes up to `stable`, from the oldest on to the first that is newer.
  void forget(Version stable) noexcept;

  /// What a key held when all writes up to `sequence`, and none beyond, had been run, expired or
  /// not.
  [[nodiscard]] Past find(std::string_view key, Version sequence) noexcept;

  /// Whether the log goes back to that place.
  [[nodiscard]] bool knows(Version sequence) const noexcept { return sequence >= known_from_; }

  /// The store that what was there at `sequence` became by writes that are in this log: one that
  /// was cleared since. Null if there is none: then it is the present one.
  [[nodiscard]] KVStore* former_store(Version sequence) noexcept;

  /// For each key that was written after `sequence` in that store, once: what it held at
  /// `sequence`. Requires: knows(sequence). Throws std::bad_alloc.
  void for_each_change(
      Version sequence,
      const std::function<void(std::string_view key, const std::optional<ValueView>& then)>& visit);

  /// What the entries take.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// What the stores that were cleared take.
  [[nodiscard]] std::size_t cleared_bytes() const noexcept { return cleared_bytes_; }

 private:
  struct Entry;
  struct Chain {
    Entry* oldest = nullptr;
    Entry* newest = nullptr;
  };

  /// What a clear removed.
  struct Cleared {
    Version version;
    std::size_t bytes;
    std::shared_ptr<KVStore> former;
  };

  static constexpr std::size_t chain_count = 4096;

  [[nodiscard]] static std::size_t chain_of(std::string_view key) noexcept;
  void append(Version version, std::string_view key, const std::optional<std::string_view>& before,
              Timestamp expires_at);
  [[nodiscard]] const Entry* oldest() noexcept;
  void drop_oldest() noexcept;
  [[nodiscard]] Cleared* first_cleared_after(Version sequence) noexcept;
  void know_from(Version version) noexcept;

  ByteFifo entries_;
  std::vector<Chain> chains_;  // none before the first entry
  std::size_t bytes_ = 0;
  std::size_t most_bytes_;
  Version known_from_ = 0;
  std::deque<Cleared> cleared_;  // by rising version
  std::size_t cleared_bytes_ = 0;
};

}  // namespace pkv
