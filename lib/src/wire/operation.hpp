#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace pkv::wire {

/// What a worker can be asked to do. The numbers travel between ranks: append, never renumber.
/// The answer's kind is given behind each; every one may also be answered by an error.
enum class Opcode : std::uint8_t {
  get = 1,          ///< value, or nil when there is none
  read = 2,         ///< value, or errc::key_not_found
  create = 3,       ///< ok, or errc::key_exists
  update = 4,       ///< ok, or errc::key_not_found
  erase = 5,        ///< ok, or errc::key_not_found
  put = 6,          ///< ok; nil when a condition failed; with return_old: the old value or nil
  put_if_new = 7,   ///< integer 1 when stored, 0 when the key was there
  remove = 8,       ///< integer 1 when there was such a key, else 0
  exists = 9,       ///< integer 1 or 0
  length = 10,      ///< integer: bytes of the value, 0 when there is none
  append = 11,      ///< integer: bytes of the value afterwards
  increment = 12,   ///< integer: the sum; the operation's value is the addend, 8 bytes
  exchange = 13,    ///< the old value, or nil
  take = 14,        ///< the removed value, or nil
  count = 15,       ///< integer: keys on this node
  clear = 16,       ///< ok
  statistics = 17,  ///< value: a NodeStatistics

  // Copying between nodes. The operation's value and the answer's are described in copying.hpp;
  // those that name an unknown set of ranges are answered with errc::malformed_frame.
  define_ranges = 18,  ///< ok; replaces the set of that number
  copy_page = 19,      ///< value: a page of the entries in a set of ranges
  copy_in = 20,        ///< ok; puts a page's entries as they are, versions included
  erase_page = 21,     ///< value: an ErasedPage; erases the node's entries in a set of ranges
  count_page = 22,     ///< value: a CountedPage

  sync = 23,  ///< ok: all that the node has done before is on the disk. Always with on_disk.

  // Views of a node's entries as of one place in the order. See viewing.hpp; those that name a view
  // that is not open, or cannot go on, are answered with errc::view_lost.
  open_view = 24,   ///< ok; replaces the view of that number
  view_page = 25,   ///< value: a page of the view's entries
  close_view = 26,  ///< ok, also when there is no such view

  // Queries in SQL over a view. See querying.hpp.
  begin_query = 27,  ///< value: a QueryRows; replaces the query of that number
  next_rows = 28,    ///< value: a QueryRows, or errc::view_lost
  end_query = 29,    ///< ok, also when there is no such query

  // Times of expiry.
  expire = 30,      ///< integer 1 when the key got the operation's time (ExpireFlag), else 0
  persist = 31,     ///< integer 1 when the key had a time and has none any more, else 0
  expiry = 32,      ///< integer: when the key expires (ExpiryFlag); -1 never, -2 no such key
  get_expire = 33,  ///< value, or nil; gives the key the operation's time, or none if it has none
  /// integer: the earliest time of expiry that any entry on this node still has, 0 if none has one.
  /// Gives the memory of some entries back that have expired.
  remove_expired = 34,

  /// ok; keeps what the command at this place writes at all nodes. See command_writes.hpp. Comes
  /// before the node's own part of it.
  record = 35,
  list_keys = 36,  ///< value: a page of the keys in a set of ranges. See listing.hpp.

  remove_if_equal = 37,  ///< integer 1 when the key had the operation's value and is gone, else 0
};
inline constexpr auto last_opcode = Opcode::remove_if_equal;

/// Whether it is for a key, and not for a node.
[[nodiscard]] constexpr bool is_for_key(Opcode opcode) noexcept {
  return opcode < Opcode::count || (opcode >= Opcode::expire && opcode <= Opcode::get_expire) ||
         opcode == Opcode::remove_if_equal;
}

/// Whether it reads one key and changes nothing: any holder of the key can answer it.
[[nodiscard]] constexpr bool reads_key(Opcode opcode) noexcept {
  return opcode == Opcode::get || opcode == Opcode::read || opcode == Opcode::exists ||
         opcode == Opcode::length || opcode == Opcode::expiry;
}

/// Whether an operation may change the entry of its key, and no other.
[[nodiscard]] constexpr bool writes_one_key(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::create:
    case Opcode::update:
    case Opcode::erase:
    case Opcode::put:
    case Opcode::put_if_new:
    case Opcode::remove:
    case Opcode::append:
    case Opcode::increment:
    case Opcode::exchange:
    case Opcode::take:
    case Opcode::expire:
    case Opcode::persist:
    case Opcode::get_expire:
    case Opcode::remove_if_equal:
      return true;
    case Opcode::get:
    case Opcode::read:
    case Opcode::exists:
    case Opcode::length:
    case Opcode::count:
    case Opcode::clear:
    case Opcode::statistics:
    case Opcode::define_ranges:
    case Opcode::copy_page:
    case Opcode::copy_in:
    case Opcode::erase_page:
    case Opcode::count_page:
    case Opcode::sync:
    case Opcode::open_view:
    case Opcode::view_page:
    case Opcode::close_view:
    case Opcode::begin_query:
    case Opcode::next_rows:
    case Opcode::end_query:
    case Opcode::expiry:
    case Opcode::remove_expired:
    case Opcode::record:
    case Opcode::list_keys:
      return false;
  }
  return false;
}

/// Whether it opens, reads or closes a view of the node's entries.
[[nodiscard]] constexpr bool is_viewing(Opcode opcode) noexcept {
  return opcode == Opcode::open_view || opcode == Opcode::view_page || opcode == Opcode::close_view;
}

/// Whether it is about a query in SQL.
[[nodiscard]] constexpr bool is_querying(Opcode opcode) noexcept {
  return opcode == Opcode::begin_query || opcode == Opcode::next_rows ||
         opcode == Opcode::end_query;
}

/// Whether an operation may change what clients have stored.
[[nodiscard]] constexpr bool writes(Opcode opcode) noexcept {
  return writes_one_key(opcode) || opcode == Opcode::clear;
}

/// Whether an operation may leave more bytes with its key than there were.
[[nodiscard]] constexpr bool may_add_bytes(Opcode opcode) noexcept {
  return writes_one_key(opcode) && opcode != Opcode::erase && opcode != Opcode::remove &&
         opcode != Opcode::take && opcode != Opcode::remove_if_equal;
}

/// Bits of Operation::flags, for Opcode::put.
enum PutFlag : std::uint8_t {
  put_only_if_absent = 1,
  put_only_if_present = 2,
  put_return_old = 4,
  put_keep_expiry = 8,  ///< Without it, the key expires at the operation's time, or never.
};

/// Bits of Operation::flags, for Opcode::expire: all that are set must hold. Without a time of
/// expiry, a key counts as expiring after all others.
enum ExpireFlag : std::uint8_t {
  expire_only_if_never = 1,
  expire_only_if_some = 2,
  expire_only_if_later = 4,   ///< The new time is later than the one there is.
  expire_only_if_sooner = 8,  ///< It is sooner.
};

/// Bits of Operation::flags, for Opcode::expiry. Without any, the answer is Unix time in
/// milliseconds.
enum ExpiryFlag : std::uint8_t {
  expiry_from_now = 1,
  expiry_in_seconds = 2,
};

/// A bit of Operation::flags, for Opcode::put, expire and get_expire: the operation carries a time
/// of expiry.
inline constexpr std::uint8_t with_expiry = 0x20;

/// A bit of Operation::flags, for Opcode::get, read, exists, length, expiry and count_page: to be
/// answered as if it were run at its own place in the order, although later writes have been run.
/// For a read that another node died with; see FrameHeader::stable. When what was there is not
/// remembered any more, the answer is errc::node_down.
inline constexpr std::uint8_t read_as_of = 0x80;

/// A bit of Operation::flags, for those that write and Opcode::sync: to be answered when it is on
/// the disk, with all that was done before it. Costs as much for a frame with many such operations
/// as for one with a single one. Without effect where entries are in memory only.
inline constexpr std::uint8_t on_disk = 0x40;

/// A bit of Operation::flags, for Opcode::get: what this node has is asked for, so no other one is
/// asked when it is lost.
inline constexpr std::uint8_t of_this_node = 0x01;

/// One thing for a worker to do. The views live only as long as the bytes they were read from.
struct Operation {
  Opcode opcode = Opcode::get;
  std::uint8_t flags = 0;
  /// Added to the frame's sequence number: the operation's place in the total order.
  std::uint32_t sequence_offset = 0;
  std::string_view key;
  std::string_view value;
  std::int64_t expires_at = 0;  ///< With with_expiry: Unix time in milliseconds, not 0.

  friend bool operator==(const Operation&, const Operation&) = default;
};

/// Whether any holder of the key can answer in the place of another.
[[nodiscard]] constexpr bool is_for_any_holder(const Operation& operation) noexcept {
  return reads_key(operation.opcode) &&
         !(operation.opcode == Opcode::get && (operation.flags & of_this_node) != 0);
}

/// Bytes that an operation adds to its key and value in a frame.
///
///     0        1       2         4           8             12                16
///     +--------+-------+---------+-----------+-------------+-----------------+-----+-------+
///     | opcode | flags | reserved| key_bytes | value_bytes | sequence_offset | key | value |
///     +--------+-------+---------+-----------+-------------+-----------------+-----+-------+
///
/// With with_expiry, expires_at (8) comes before the key.
inline constexpr std::size_t operation_overhead_bytes = 16;

/// What comes before the key.
[[nodiscard]] inline std::size_t head_bytes(std::uint8_t flags) noexcept {
  return operation_overhead_bytes + ((flags & with_expiry) != 0 ? sizeof(std::int64_t) : 0);
}

[[nodiscard]] inline std::size_t encoded_bytes(const Operation& operation) noexcept {
  return head_bytes(operation.flags) + operation.key.size() + operation.value.size();
}

/// Writes what comes before an operation's key, with this sequence_offset, and returns its end.
inline char* store_operation_head(char* at, const Operation& operation,
                                  std::uint32_t sequence_offset) noexcept {
  assert(operation.key.size() <= std::numeric_limits<std::uint32_t>::max());
  assert(operation.value.size() <= std::numeric_limits<std::uint32_t>::max());
  at = store(at, operation.opcode);
  at = store(at, operation.flags);
  at = store(at, std::uint16_t{0});
  at = store(at, static_cast<std::uint32_t>(operation.key.size()));
  at = store(at, static_cast<std::uint32_t>(operation.value.size()));
  at = store(at, sequence_offset);
  return (operation.flags & with_expiry) != 0 ? store(at, operation.expires_at) : at;
}

/// Adds an operation to a frame's body, with this sequence_offset and not its own.
/// Requires: key and value are each shorter than 2^32 bytes.
inline void append_operation_at(ByteBuffer& to, const Operation& operation,
                                std::uint32_t sequence_offset) {
  char* at = store_operation_head(to.extend(encoded_bytes(operation)), operation, sequence_offset);
  if (!operation.key.empty()) std::memcpy(at, operation.key.data(), operation.key.size());
  at += operation.key.size();
  if (!operation.value.empty()) std::memcpy(at, operation.value.data(), operation.value.size());
}

/// Requires: key and value are each shorter than 2^32 bytes.
inline void append_operation(ByteBuffer& to, const Operation& operation) {
  append_operation_at(to, operation, operation.sequence_offset);
}

/// Writes an operation, with its own sequence_offset, around its value, which is in its place
/// already: the last of the encoded_bytes(operation) bytes from `at` on. The key may lie anywhere
/// before the value, also where it is written over.
inline void store_operation_around_value(char* at, const Operation& operation) noexcept {
  const std::size_t head = head_bytes(operation.flags);
  assert(at + head + operation.key.size() == operation.value.data());
  if (!operation.key.empty()) std::memmove(at + head, operation.key.data(), operation.key.size());
  store_operation_head(at, operation, operation.sequence_offset);
}

/// Walks the operations of a request's body.
///
/// Lifetime: the operations' views point into `body`.
/// Errors: next() returns false both at the end and on malformed bytes; complete() tells which.
class OperationReader {
 public:
  OperationReader(std::string_view body, std::uint32_t count) noexcept
      : rest_(body), left_(count) {}

  /// Reads the next operation. False when there is none, or none that can be read.
  /// Inline: it is called for every operation, in loops that look at some of it only.
  [[nodiscard]] bool next(Operation& operation) noexcept {
    if (left_ == 0 || rest_.size() < operation_overhead_bytes) return false;
    const char* from = rest_.data();
    const auto opcode = load<std::uint8_t>(from);
    if (opcode < static_cast<std::uint8_t>(Opcode::get) ||
        opcode > static_cast<std::uint8_t>(last_opcode))
      return false;
    const std::uint64_t key_bytes = load<std::uint32_t>(from + 4);
    const std::uint64_t value_bytes = load<std::uint32_t>(from + 8);
    const auto flags = load<std::uint8_t>(from + 1);
    const std::size_t head = head_bytes(flags);
    if (head + key_bytes + value_bytes > rest_.size()) return false;

    operation.opcode = static_cast<Opcode>(opcode);
    operation.flags = flags;
    operation.sequence_offset = load<std::uint32_t>(from + 12);
    operation.expires_at = 0;
    if ((flags & with_expiry) != 0) [[unlikely]] {
      operation.expires_at = load<std::int64_t>(from + operation_overhead_bytes);
      if (operation.expires_at == 0) return false;  // that would be never
    }
    operation.key = {from + head, key_bytes};
    operation.value = {from + head + key_bytes, value_bytes};
    rest_.remove_prefix(head + key_bytes + value_bytes);
    --left_;
    return true;
  }

  /// After next() returned false: whether exactly the announced operations were there.
  [[nodiscard]] bool complete() const noexcept { return left_ == 0 && rest_.empty(); }

 private:
  std::string_view rest_;
  std::uint32_t left_;
};

}  // namespace pkv::wire
