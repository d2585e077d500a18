#pragma once

#include "pkv/entry.hpp"
#include "pkv/limits.hpp"

#include "storage/prefetch.hpp"
#include "storage/size_class.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pkv {

/// When an entry goes, and its place in the ExpiryHeap.
struct RecordExpiry {
  Timestamp at = never;
  std::uint32_t slot = 0;
};

/// An entry in memory: this header, then the bytes of the key, then those of the value, then, if it
/// has a time of expiry, that and its slot.
///
/// Lives in the memory of a RecordHeap, in a place of capacity_of(size_class) bytes. Trivially
/// copyable together with the bytes behind it, which is how the heap moves it.
struct Record {
  std::uint64_t key_bytes : 17;
  std::uint64_t value_bytes : 30;
  std::uint64_t size_class : 8;
  std::uint64_t expires : 1;
  std::uint64_t wanted : 1;  ///< For EntryCache; 0 in a new record.
  Version version;

  static constexpr std::size_t expiry_bytes = sizeof(Timestamp) + sizeof(std::uint32_t);

  [[nodiscard]] static std::size_t bytes_for(std::size_t key_size, std::size_t value_size,
                                             bool expires = false) noexcept {
    assert(key_size <= largest_max_key_bytes && value_size <= largest_max_value_bytes);
    return sizeof(Record) + key_size + value_size + (expires ? expiry_bytes : 0);
  }

  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_for(key_bytes, value_bytes, expires != 0);
  }

  [[nodiscard]] SizeClass place() const noexcept { return static_cast<SizeClass>(size_class); }

  [[nodiscard]] std::string_view key() const noexcept { return {begin(), key_bytes}; }

  [[nodiscard]] std::string_view value() const noexcept {
    return {begin() + key_bytes, value_bytes};
  }

  [[nodiscard]] ValueView view() const noexcept {
    return {value(), version, expires != 0 ? expiry().at : never};
  }

  /// Requires: expires.
  [[nodiscard]] RecordExpiry expiry() const noexcept {
    RecordExpiry read;
    std::memcpy(&read.at, begin() + expiry_at(), sizeof read.at);
    std::memcpy(&read.slot, begin() + expiry_at() + sizeof read.at, sizeof read.slot);
    return read;
  }

  /// Requires: the place has room for it.
  void set_expiry(const RecordExpiry& expiry) noexcept {
    expires = 1;
    write(expiry_at(), {reinterpret_cast<const char*>(&expiry.at), sizeof expiry.at});
    write(expiry_at() + sizeof expiry.at,
          {reinterpret_cast<const char*>(&expiry.slot), sizeof expiry.slot});
  }

  void set_key(std::string_view key) noexcept { write(0, key); }

  /// Requires: !expires, and the place has room for it.
  void set_value(std::string_view value, Version of) noexcept {
    write(key_bytes, value);
    value_bytes = value.size() & largest_max_value_bytes;
    version = of;
  }

  /// Requires: the place has room for it. The expiry stays.
  void append_value(std::string_view tail, Version of) noexcept {
    const RecordExpiry kept = expires != 0 ? expiry() : RecordExpiry{};
    write(key_bytes + value_bytes, tail);
    value_bytes = (value_bytes + tail.size()) & largest_max_value_bytes;
    version = of;
    if (expires != 0) set_expiry(kept);
  }

  /// Fetches the key and the first bytes of the value.
  void prefetch() const noexcept {
    prefetch_line(this);
    prefetch_line(begin() + 48);
  }

 private:
  [[nodiscard]] const char* begin() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }

  [[nodiscard]] std::size_t expiry_at() const noexcept { return key_bytes + value_bytes; }

  void write(std::size_t offset, std::string_view bytes) noexcept {
    assert(sizeof(Record) + offset + bytes.size() <= capacity_of(place()));
    char* to = reinterpret_cast<char*>(this + 1) + offset;
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  }
};

static_assert(sizeof(Record) == 16);

}  // namespace pkv
