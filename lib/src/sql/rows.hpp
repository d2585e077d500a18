#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <variant>

/// Rows of a result on their way.
///
///     cell:  kind (1) [ integer (8) | real (8) | bytes (4), then the text or blob ]
///
/// Cells follow each other; how many are a row is known from elsewhere. Little-endian.
namespace pkv::sql {

struct Null {
  friend bool operator==(const Null&, const Null&) = default;
};
struct Text {
  std::string_view text;
  friend bool operator==(const Text&, const Text&) = default;
};
struct Blob {
  std::string_view bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

/// A value as SQLite has it. Texts and blobs live as long as what they were read from.
using Cell = std::variant<Null, std::int64_t, double, Text, Blob>;

/// Requires: a text or blob is shorter than 2^32 bytes.
inline void append_cell(ByteBuffer& to, const Cell& cell) {
  char* const at = to.extend(1);
  *at = static_cast<char>(cell.index());
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    store(to.extend(sizeof *integer), *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, real, sizeof bits);
    store(to.extend(sizeof bits), bits);
  } else if (!std::holds_alternative<Null>(cell)) {
    const auto* text = std::get_if<Text>(&cell);
    const std::string_view bytes = text != nullptr ? text->text : std::get<Blob>(cell).bytes;
    char* const value = store(to.extend(sizeof(std::uint32_t) + bytes.size()),
                              static_cast<std::uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(value, bytes.data(), bytes.size());
  }
}

/// Walks the cells of some rows.
///
/// Lifetime: the cells' views point into the bytes.
/// Errors: next() returns false both at the end and on malformed bytes; complete() tells which.
class CellReader {
 public:
  explicit CellReader(std::string_view cells) noexcept : rest_(cells) {}

  [[nodiscard]] bool next(Cell& cell);
  [[nodiscard]] bool complete() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace pkv::sql
