#pragma once

#include "base/byte_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// What the operations that copy entries from node to node carry. All numbers are little-endian.
namespace pkv::wire {

/// The end of all scan positions (see pkv::scan_position): they have 48 bits.
inline constexpr std::uint64_t scan_end = std::uint64_t{1} << 48;

/// No page is larger than this, so that it fits into a frame beside other answers. The largest
/// entry fits into it.
inline constexpr std::size_t largest_page_bytes = (std::size_t{5} << 28);

/// Ring positions `first` to `last`, both included.
struct RingRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  friend bool operator==(const RingRange&, const RingRange&) = default;
};

/// Adds the value of Opcode::define_ranges: set (4), then first (8) and last (8) of each range.
void append_ranges(ByteBuffer& to, std::uint32_t set, std::span<const RingRange> ranges);

/// The value of Opcode::define_ranges, read in place. There may be no range at all.
/// Lifetime: good as long as the bytes it was read from.
class RangesView {
 public:
  /// Nothing unless the ranges are whole, in order and disjoint.
  [[nodiscard]] static std::optional<RangesView> read(std::string_view value) noexcept;

  [[nodiscard]] std::uint32_t set() const noexcept { return set_; }
  [[nodiscard]] std::size_t size() const noexcept;
  /// Requires: index < size().
  [[nodiscard]] RingRange operator[](std::size_t index) const noexcept;

 private:
  RangesView(std::uint32_t set, std::string_view ranges) noexcept : set_(set), ranges_(ranges) {}

  std::uint32_t set_;
  std::string_view ranges_;
};

/// Which entries Opcode::copy_page, erase_page and count_page are about: those of the node whose
/// ring position is in the set and whose scan position is in [from, next), where the answer says
/// `next`. It is at most `to`, and beyond `from` unless that is `to` already.
struct CopyRequest {
  std::uint32_t set = 0;
  std::uint64_t from = 0;
  std::uint64_t to = scan_end;
  /// Ends the page before its entries, as encoded, take more than this, unless the first alone do
  /// (those of one scan position are not parted). Of no account to count_page.
  std::uint32_t most_bytes = 0;
  /// Ends the page once about so many entries have been looked at, in the set or not, so that the
  /// node is not kept from its other work.
  std::uint32_t most_entries = 0;

  friend bool operator==(const CopyRequest&, const CopyRequest&) = default;
};

inline constexpr std::size_t copy_request_bytes = 28;

void append_copy_request(ByteBuffer& to, const CopyRequest& request);
/// Nothing unless from <= to <= scan_end.
[[nodiscard]] std::optional<CopyRequest> read_copy_request(std::string_view value) noexcept;

/// An entry on its way. The views live as long as the bytes that they were read from.
struct CopiedEntry {
  std::string_view key;
  std::string_view value;
  std::uint64_t version = 0;
  std::int64_t expires_at = 0;  ///< Milliseconds since 1970; 0: never.

  friend bool operator==(const CopiedEntry&, const CopiedEntry&) = default;
};

/// A page is its head - next (8), count (4) - and then its entries, each of
///
///     0           4             8         16           24
///     +-----------+-------------+---------+------------+-----+-------+
///     | key_bytes | value_bytes | version | expires_at | key | value |
///     +-----------+-------------+---------+------------+-----+-------+
///
/// It is the value of copy_page's answer, and as it is that of the operation copy_in.
inline constexpr std::size_t page_head_bytes = 12;
inline constexpr std::size_t entry_overhead_bytes = 24;

[[nodiscard]] inline std::size_t encoded_bytes(const CopiedEntry& entry) noexcept {
  return entry_overhead_bytes + entry.key.size() + entry.value.size();
}

/// Writes a page's head, for which `to` has page_head_bytes of room; its numbers are known last.
void store_page_head(char* to, std::uint64_t next, std::uint32_t count) noexcept;
/// Requires: key and value are each shorter than 2^32 bytes.
void append_entry(ByteBuffer& to, const CopiedEntry& entry);

/// Walks the entries of a page.
///
/// Lifetime: the entries' views point into `page`.
/// Errors: next() returns false both at the end and on malformed bytes; complete() tells which.
class PageReader {
 public:
  explicit PageReader(std::string_view page) noexcept;

  /// Where the next page starts. 0 if there is no whole head; complete() will say so.
  [[nodiscard]] std::uint64_t next_position() const noexcept { return next_position_; }
  /// Entries that the head announces and have not been read.
  [[nodiscard]] std::uint32_t left() const noexcept { return left_; }

  [[nodiscard]] bool next(CopiedEntry& entry) noexcept;
  /// After next() returned false: whether the page held exactly what its head announced.
  [[nodiscard]] bool complete() const noexcept { return sound_ && left_ == 0 && rest_.empty(); }

 private:
  std::string_view rest_;
  std::uint64_t next_position_ = 0;
  std::uint32_t left_ = 0;
  bool sound_ = false;
};

/// The answer to Opcode::erase_page: next (8), erased (8).
struct ErasedPage {
  std::uint64_t next = 0;
  std::uint64_t erased = 0;

  friend bool operator==(const ErasedPage&, const ErasedPage&) = default;
};

inline constexpr std::size_t erased_page_bytes = 16;

void append_erased_page(ByteBuffer& to, const ErasedPage& page);
[[nodiscard]] std::optional<ErasedPage> read_erased_page(std::string_view value) noexcept;

/// The answer to Opcode::count_page: next (8), keys (8), bytes (8).
struct CountedPage {
  std::uint64_t next = 0;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;  ///< Of keys and values.

  friend bool operator==(const CountedPage&, const CountedPage&) = default;
};

inline constexpr std::size_t counted_page_bytes = 24;

void append_counted_page(ByteBuffer& to, const CountedPage& page);
[[nodiscard]] std::optional<CountedPage> read_counted_page(std::string_view value) noexcept;

}  // namespace pkv::wire
