#pragma once

#include "pkv/ring.hpp"

#include "pkv_server/data_spread.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pkv::server {

/// Which node has the last word on a key, where its copies may differ.
///
/// It is the one that a server on these files would keep (Placement::keep_one_copy): of the key's
/// holders that were not lost the first, or else the one that was lost last. That holder has every
/// write that was acknowledged; what it has not got, was deleted or never answered.
///
/// Thread safety: immutable.
class KeyAuthority {
 public:
  /// `emptied` nodes have no word, `least_trusted_first` only where there is no other.
  KeyAuthority(const DataSpread& spread, std::span<const std::uint32_t> emptied,
               std::span<const std::uint32_t> least_trusted_first);

  /// For a key at Ring::position(key): a node, or 0 if all that held it have been emptied.
  [[nodiscard]] std::uint32_t of(std::uint64_t position) const noexcept;
  /// Whether the node should have a copy of it.
  [[nodiscard]] bool is_holder(std::uint32_t node, std::uint64_t position) const noexcept;
  /// The part of all keys that nobody has any more, 0 to 1.
  [[nodiscard]] double unheld_share() const noexcept;

 private:
  [[nodiscard]] std::span<std::size_t> holders(std::uint64_t position,
                                               std::span<std::size_t> found) const noexcept;

  Ring ring_;
  std::size_t copies_;
  std::vector<std::size_t> trust_;  ///< Of nodes 1, 2, ..., 0 for none.
};

}  // namespace pkv::server
