#pragma once

#include "pkv/storage_engine.hpp"

#include "worker/byte_fifo.hpp"

#include <cstddef>
#include <cstdint>
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
};

/// What the latest writes of a node have replaced: with it, a read can be answered as of its place
/// in the order although later writes have been run (multiversion reading, by a roll-back log as in
/// Reed, "Naming and Synchronization in a Decentralized Computer System", 1978).
///
///     log.record(version, key, value_before);   // before every write
///     log.forget(stable);                        // nobody will ask for what was before that
///     Past past = log.find(key, sequence);       // between them
///
/// Old values are copied, however large. Only the time until all earlier operations have been
/// answered is remembered, and at most `most_bytes`: beyond it the oldest go, and with them the
/// power to answer for the time before. The entries of keys that share their hash's low bits are
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
  void record(Version version, std::string_view key,
              const std::optional<std::string_view>& before) noexcept;
  /// Notes that all keys go. What they held is not kept: find() says `absent` of every key for the
  /// time before, unless one of its own entries says otherwise.
  void record_clear(Version version) noexcept;
  /// Notes that what the write `version` replaced cannot be known, and forgets all before.
  void record_unknown(Version version) noexcept;

  /// Drops the entries of writes up to `stable`, from the oldest on to the first that is newer.
  void forget(Version stable) noexcept;

  /// What a key held when all writes up to `sequence`, and none beyond, had been run.
  [[nodiscard]] Past find(std::string_view key, Version sequence) const noexcept;

  /// What the entries take.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry;
  struct Chain {
    Entry* oldest = nullptr;
    Entry* newest = nullptr;
  };

  static constexpr std::size_t chain_count = 4096;

  [[nodiscard]] static std::size_t chain_of(std::string_view key) noexcept;
  void append(Version version, std::string_view key, const std::optional<std::string_view>& before);
  [[nodiscard]] const Entry* oldest() noexcept;
  void drop_oldest() noexcept;

  ByteFifo entries_;
  std::vector<Chain> chains_;  // none before the first entry
  std::size_t bytes_ = 0;
  std::size_t most_bytes_;
  Version known_from_ = 0;
  Version newest_clear_ = 0;
};

}  // namespace pkv
