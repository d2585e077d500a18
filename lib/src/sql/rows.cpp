#include "sql/rows.hpp"

namespace pkv::sql {
namespace {

template <std::size_t Kind>
bool is_kind(char byte) noexcept {
  return static_cast<unsigned char>(byte) == Kind;
}

}  // namespace

bool CellReader::next(Cell& cell) {
  if (rest_.empty()) return false;
  const char kind = rest_[0];
  if (is_kind<0>(kind)) {
    cell = Null{};
    rest_.remove_prefix(1);
    return true;
  }
  constexpr std::size_t number_bytes = 8;
  if (is_kind<1>(kind) || is_kind<2>(kind)) {
    if (rest_.size() < 1 + number_bytes) return false;
    if (is_kind<1>(kind)) {
      cell = load<std::int64_t>(rest_.data() + 1);
    } else {
      const auto bits = load<std::uint64_t>(rest_.data() + 1);
      double real = 0;
      std::memcpy(&real, &bits, sizeof real);
      cell = real;
    }
    rest_.remove_prefix(1 + number_bytes);
    return true;
  }
  constexpr std::size_t head_bytes = 1 + sizeof(std::uint32_t);
  if ((!is_kind<3>(kind) && !is_kind<4>(kind)) || rest_.size() < head_bytes) return false;
  const std::size_t bytes = load<std::uint32_t>(rest_.data() + 1);
  if (bytes > rest_.size() - head_bytes) return false;
  const std::string_view value(rest_.data() + head_bytes, bytes);
  if (is_kind<3>(kind))
    cell = Text{value};
  else
    cell = Blob{value};
  rest_.remove_prefix(head_bytes + bytes);
  return true;
}

}  // namespace pkv::sql
