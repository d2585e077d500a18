#pragma once

#include <cstdint>

namespace pkv {

/// Names a node: a share of the key space and the data in it.
///
/// A node is not a process: the rank that serves a node may change (a replacement takes over the
/// id), the ring does not. Ids are chosen by whoever builds the ring and never reused for other
/// data.
enum class NodeId : std::uint32_t {};

[[nodiscard]] constexpr std::uint32_t to_number(NodeId id) noexcept {
  return static_cast<std::uint32_t>(id);
}

}  // namespace pkv
