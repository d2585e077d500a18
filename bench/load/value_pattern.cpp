#include "load/value_pattern.hpp"

#include "base/endian.hpp"
#include "load/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace pkv::bench {
namespace {

// A prime, so that bytes displaced by a page or a buffer's length differ; small enough for a
// processor's first cache.
constexpr std::size_t block_bytes = 8191;
constexpr std::size_t header_bytes = 16;

std::uint64_t hash_of(std::uint64_t key, std::uint64_t version) noexcept {
  return mix_bits(mix_bits(key + 0x9e3779b97f4a7c15) ^ version);
}

std::size_t place_of(std::uint64_t hash) noexcept {
  return static_cast<std::size_t>(hash % block_bytes);
}

using Header = std::array<char, header_bytes>;

Header header_of(std::uint64_t key, std::uint64_t version, std::size_t value_bytes) noexcept {
  Header header;
  const std::uint64_t hash = hash_of(key, version);
  // Without room for both, two hashes of the key.
  const std::uint64_t first = value_bytes < header_bytes ? mix_bits(hash) : version;
  store(store(header.data(), first), hash);
  return header;
}

}  // namespace

ValuePattern::ValuePattern(std::size_t value_bytes) : value_bytes_(value_bytes) {
  assert(value_bytes > 0);
  Random random(0);  // the same in every run: values outlive a run
  block_.resize(2 * block_bytes);
  for (std::size_t i = 0; i < block_bytes; ++i)
    block_[i] = block_[i + block_bytes] = static_cast<char>(random.below(256));
}

void ValuePattern::write(char* to, std::uint64_t key, std::uint64_t version) const noexcept {
  if (value_bytes_ < header_bytes) version = 0;
  const Header header = header_of(key, version, value_bytes_);
  std::memcpy(to, header.data(), std::min(value_bytes_, header_bytes));
  if (value_bytes_ <= header_bytes) return;
  const char* const body = block_.data() + place_of(hash_of(key, version));
  for (std::size_t at = header_bytes; at < value_bytes_; at += block_bytes)
    std::memcpy(to + at, body, std::min(block_bytes, value_bytes_ - at));
}

bool ValuePattern::matches(std::string_view value, std::uint64_t key) const noexcept {
  if (value.size() != value_bytes_) return false;
  const std::uint64_t version = value_bytes_ < header_bytes ? 0 : load<std::uint64_t>(value.data());
  const Header header = header_of(key, version, value_bytes_);
  if (std::memcmp(value.data(), header.data(), std::min(value_bytes_, header_bytes)) != 0)
    return false;
  const char* const body = block_.data() + place_of(hash_of(key, version));
  for (std::size_t at = header_bytes; at < value_bytes_; at += block_bytes)
    if (std::memcmp(value.data() + at, body, std::min(block_bytes, value_bytes_ - at)) != 0)
      return false;
  return true;
}

std::optional<std::size_t> ValuePattern::wrong_body_byte(std::string_view value) const noexcept {
  const auto hash = load<std::uint64_t>(value.data() + sizeof(std::uint64_t));
  const char* const body = block_.data() + place_of(hash);
  for (std::size_t at = header_bytes; at < value.size(); ++at)
    if (value[at] != body[(at - header_bytes) % block_bytes]) return at;
  return std::nullopt;
}

std::string ValuePattern::fault_of(std::string_view value, std::uint64_t key) const {
  if (value.size() != value_bytes_)
    return fmt::format("has {} bytes instead of {}", value.size(), value_bytes_);
  if (value_bytes_ < header_bytes) return "is not that of the key";
  const auto version = load<std::uint64_t>(value.data());
  if (load<std::uint64_t>(value.data() + sizeof version) != hash_of(key, version))
    return "is damaged in its first 16 bytes, or that of another key";
  if (const auto wrong = wrong_body_byte(value))
    return fmt::format("differs from byte {} on", *wrong);
  return "is right";
}

}  // namespace pkv::bench
