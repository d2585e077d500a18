#include "base/glob.hpp"

#include <bitset>
#include <cassert>
#include <utility>

namespace pkv {
namespace {

constexpr std::size_t byte_values = 256;
using ByteSet = std::bitset<byte_values>;

std::size_t index_of(char byte) noexcept {
  return static_cast<unsigned char>(byte);
}

char take_byte(std::string_view& from) noexcept {
  const char byte = from.front();
  from.remove_prefix(1);
  return byte;
}

/// Reads what follows a bracket, up to the one that closes it. As in Redis the first `]` closes it,
/// and a range may be written either way round.
ByteSet take_class(std::string_view& from) {
  const bool others = from.starts_with('^');
  if (others) from.remove_prefix(1);
  ByteSet named;
  while (!from.empty() && from.front() != ']') {
    if (from.size() >= 2 && from[0] == '\\')
      from.remove_prefix(1);
    else if (from.size() >= 3 && from[1] == '-') {
      std::size_t first = index_of(from[0]);
      std::size_t last = index_of(from[2]);
      if (first > last) std::swap(first, last);
      for (std::size_t byte = first; byte <= last; ++byte)
        named.set(byte);
      from.remove_prefix(3);
      continue;
    }
    named.set(index_of(take_byte(from)));
  }
  if (!from.empty()) from.remove_prefix(1);
  return others ? ~named : named;
}

/// Reads what stands for one byte, whose own first byte has been read. Requires: that was no `*`.
ByteSet take_one(char first, std::string_view& from) {
  if (first == '[') return take_class(from);
  if (first == '?') return ByteSet().set();
  if (first == '\\' && !from.empty()) first = take_byte(from);
  return ByteSet().set(index_of(first));
}

}  // namespace

GlobPattern::GlobPattern(std::string_view pattern)
    : words_(pattern.size() / 64 + 1), steps_(byte_values * words_) {
  assert(pattern.size() <= most_bytes);
  while (!pattern.empty()) {
    const std::uint64_t bit = std::uint64_t{1} << (end_ % 64);
    const char first = take_byte(pattern);
    if (first == '*') {
      stays_[end_ / 64] |= bit;
      continue;
    }
    const ByteSet bytes = take_one(first, pattern);
    for (std::size_t byte = 0; byte < byte_values; ++byte)
      if (bytes[byte]) steps_[byte * words_ + end_ / 64] |= bit;
    ++end_;
  }
}

bool GlobPattern::matches(std::string_view name) const noexcept {
  States states{};
  states[0] = 1;
  const bool open_end = has(stays_, end_);
  for (const char byte : name) {
    if (open_end && has(states, end_)) return true;
    const std::uint64_t* const steps = &steps_[index_of(byte) * words_];
    std::uint64_t carry = 0;
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words_; ++word) {
      const std::uint64_t stepping = states[word] & steps[word];
      states[word] = (states[word] & stays_[word]) | stepping << 1 | carry;
      carry = stepping >> 63;
      any |= states[word];
    }
    if (any == 0) return false;
  }
  return has(states, end_);
}

}  // namespace pkv
