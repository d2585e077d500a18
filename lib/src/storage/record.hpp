#pragma once

#include "pkv/limits.hpp"
#include "pkv/storage_engine.hpp"

#include "storage/prefetch.hpp"
#include "storage/size_class.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pkv {

/// An entry in memory: this header, then the bytes of the key, then those of the value.
///
/// Lives in the memory of a RecordHeap, in a place of capacity_of(size_class) bytes. Trivially
/// copyable together with the bytes behind it, which is how the heap moves it.
struct Record {
  std::uint64_t key_bytes : 17;
  std::uint64_t value_bytes : 30;
  std::uint64_t size_class : 8;
  Version version;

  [[nodiscard]] static std::size_t bytes_for(std::size_t key_size,
                                             std::size_t value_size) noexcept {
    assert(key_size <= largest_max_key_bytes && value_size <= largest_max_value_bytes);
    return sizeof(Record) + key_size + value_size;
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_for(key_bytes, value_bytes); }

  [[nodiscard]] SizeClass place() const noexcept { return static_cast<SizeClass>(size_class); }

  [[nodiscard]] std::string_view key() const noexcept { return {begin(), key_bytes}; }

  [[nodiscard]] std::string_view value() const noexcept {
    return {begin() + key_bytes, value_bytes};
  }

  void set_key(std::string_view key) noexcept { write(0, key); }

  void set_value(std::string_view value, Version of) noexcept {
    write(key_bytes, value);
    value_bytes = value.size() & largest_max_value_bytes;
    version = of;
  }

  /// Requires: the place has room for it.
  void append_value(std::string_view tail, Version of) noexcept {
    write(key_bytes + value_bytes, tail);
    value_bytes = (value_bytes + tail.size()) & largest_max_value_bytes;
    version = of;
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

  void write(std::size_t offset, std::string_view bytes) noexcept {
    assert(sizeof(Record) + offset + bytes.size() <= capacity_of(place()));
    char* to = reinterpret_cast<char*>(this + 1) + offset;
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  }
};

static_assert(sizeof(Record) == 16);

}  // namespace pkv
