#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"
#include "wire/copying.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

/// What Opcode::list_keys carries, which asks for some of a node's keys. All numbers are
/// little-endian.
namespace pkv::wire {

/// The operation's value: set (4), most_entries (4), from (8), pattern.
struct ListRequest {
  std::uint32_t set = 0;           ///< Of ranges of the ring, see Opcode::define_ranges.
  std::uint32_t most_entries = 0;  ///< To be looked at, about: the page ends there.
  std::uint64_t from = 0;          ///< The scan position to begin with, before scan_end.
  std::string_view pattern;        ///< See GlobPattern: only keys that it matches are told.
};

inline constexpr std::size_t list_request_head_bytes = 16;

inline void append_list_request(ByteBuffer& to, const ListRequest& request) {
  char* at = to.extend(list_request_head_bytes + request.pattern.size());
  at = store(at, request.set);
  at = store(at, request.most_entries);
  at = store(at, request.from);
  if (!request.pattern.empty()) std::memcpy(at, request.pattern.data(), request.pattern.size());
}

[[nodiscard]] inline std::optional<ListRequest> read_list_request(std::string_view value) noexcept {
  if (value.size() < list_request_head_bytes) return std::nullopt;
  const ListRequest request{
      load<std::uint32_t>(value.data()), load<std::uint32_t>(value.data() + 4),
      load<std::uint64_t>(value.data() + 8), value.substr(list_request_head_bytes)};
  return request.from < scan_end ? std::optional(request) : std::nullopt;
}

/// The answer is where the next page begins (8), and then of each key its length (4) and the key:
/// all keys in the set that match and whose scan position is between the two.
inline void store_key_page_head(char* to, std::uint64_t next) noexcept {
  store(to, next);
}

inline constexpr std::size_t key_page_head_bytes = 8;

/// Requires: the key is shorter than 2^32 bytes.
inline void append_listed_key(ByteBuffer& to, std::string_view key) {
  char* at = to.extend(sizeof(std::uint32_t) + key.size());
  at = store(at, static_cast<std::uint32_t>(key.size()));
  if (!key.empty()) std::memcpy(at, key.data(), key.size());
}

/// Walks the keys of a page.
///
/// Lifetime: the keys point into `page`.
/// Errors: next() returns false both at the end and on malformed bytes; complete() tells which.
class KeyPageReader {
 public:
  explicit KeyPageReader(std::string_view page) noexcept {
    if (page.size() < key_page_head_bytes) return;
    next_position_ = load<std::uint64_t>(page.data());
    rest_ = page.substr(key_page_head_bytes);
    sound_ = next_position_ <= scan_end;
  }

  /// Where the next page begins. 0 if there is no whole head; complete() will say so.
  [[nodiscard]] std::uint64_t next_position() const noexcept { return next_position_; }

  [[nodiscard]] bool next(std::string_view& key) noexcept {
    if (!sound_ || rest_.empty()) return false;
    sound_ = rest_.size() >= sizeof(std::uint32_t);
    if (!sound_) return false;
    const std::size_t bytes = load<std::uint32_t>(rest_.data());
    rest_.remove_prefix(sizeof(std::uint32_t));
    sound_ = bytes <= rest_.size();
    if (!sound_) return false;
    key = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return true;
  }
  /// After next() returned false: whether the page was whole.
  [[nodiscard]] bool complete() const noexcept { return sound_ && rest_.empty(); }

 private:
  std::string_view rest_;
  std::uint64_t next_position_ = 0;
  bool sound_ = false;
};

}  // namespace pkv::wire
