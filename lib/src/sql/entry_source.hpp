#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::sql {

/// A row of the table kv.
struct Entry {
  std::string_view key;
  std::string_view value;
  std::uint64_t size = 0;  ///< Of the value; which may be missing here, where nobody asks for it.
  std::uint64_t version = 0;
  std::int64_t expires_at = 0;  ///< Milliseconds since 1970; 0: never.
};

/// Copies of some entries of a store, close together in memory.
///
/// Thread safety: none.
class EntryPage {
 public:
  void clear() noexcept {
    bytes_.clear();
    ends_.clear();
  }
  void add(const Entry& entry) {
    bytes_.append(entry.key).append(entry.value);
    ends_.push_back({bytes_.size() - entry.value.size(), bytes_.size(), entry.size, entry.version,
                     entry.expires_at});
  }
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }
  /// Good until the next call of add() or clear(). Requires: index < size().
  [[nodiscard]] Entry operator[](std::size_t index) const noexcept {
    const std::string_view all = bytes_;
    const End& end = ends_[index];
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1].value;
    return {all.substr(begin, end.key - begin), all.substr(end.key, end.value - end.key), end.size,
            end.version, end.expires_at};
  }

 private:
  struct End {
    std::size_t key;
    std::size_t value;
    std::uint64_t size;
    std::uint64_t version;
    std::int64_t expires_at;
  };
  std::string bytes_;
  std::vector<End> ends_;
};

/// Adds the entry of a key to the page, if it is there.
/// Errors: throws Error.
using FindEntry = std::function<void(std::string_view key, EntryPage& to)>;

}  // namespace pkv::sql
