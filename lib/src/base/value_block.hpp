#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace pkv {

/// The head of memory from malloc() in which a large value lies, and that is counted by those who
/// need it: the engine and every SharedValue.
///
///     [ what else came with it | ValueBlock | what the engine keeps: its record, the value ]
///       before                                room()
///
/// Thread safety: none.
struct ValueBlock {
  std::size_t allocated = 0;     ///< All of the memory.
  std::uint64_t checksum = 0;    ///< See SharedValue; if it is known.
  std::uint32_t references = 1;  ///< Who drops the last one frees the memory.
  std::uint16_t before = 0;      ///< Bytes of the memory that lie before this head.
  bool checksum_known = false;

  [[nodiscard]] char* memory() noexcept { return reinterpret_cast<char*>(this) - before; }
  [[nodiscard]] std::size_t room() const noexcept {
    return allocated - before - sizeof(ValueBlock);
  }

  void drop_reference() noexcept {
    assert(references > 0);
    if (--references == 0) std::free(memory());
  }
};

static_assert(sizeof(ValueBlock) == 24);

}  // namespace pkv
