#pragma once

#include "base/byte_buffer.hpp"
#include "load/keys.hpp"
#include "load/protocol.hpp"
#include "load/value_pattern.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pkv::bench {

/// Encodes requests. Keys and values have one length each, so all bytes around them are prepared.
///
/// Thread safety: immutable.
/// Lifetime: `keys` and `values` must outlive it.
class Requests {
 public:
  Requests(Protocol protocol, const Keys& keys, const ValuePattern& values);

  void append_get(ByteBuffer& to, std::uint64_t key) const;
  void append_set(ByteBuffer& to, std::uint64_t key, std::uint64_t version) const;

  [[nodiscard]] std::size_t set_bytes() const noexcept { return set_bytes_; }

 private:
  const Keys& keys_;
  const ValuePattern& values_;
  std::string before_get_key_;
  std::string before_set_key_;
  std::string before_value_;
  std::size_t get_bytes_;
  std::size_t set_bytes_;
};

/// Redis's SCAN, which asks for about `count` keys from the place of the last answer on. RESP only.
void append_scan(ByteBuffer& to, std::string_view cursor, unsigned count);

}  // namespace pkv::bench
