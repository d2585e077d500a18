#include "torture/tagged_value.hpp"

#include <cassert>
#include <cstring>

namespace pkv::torture {
namespace {

constexpr std::size_t header_bytes = 16;

/// Random bytes, twice as many as any piece has.
const std::string& noise() {
  static const std::string bytes = [] {
    std::string made(2 * most_piece_bytes, '\0');
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = static_cast<char>(spread(i));
    return made;
  }();
  return bytes;
}

std::string_view body_of(std::uint64_t tag, std::size_t bytes) {
  return std::string_view(noise()).substr(spread(tag) % most_piece_bytes, bytes - header_bytes);
}

}  // namespace

std::string make_piece(std::uint64_t tag, std::size_t bytes) {
  assert(bytes >= header_bytes && bytes <= most_piece_bytes);
  std::string made(header_bytes, '\0');
  const std::uint64_t length = bytes;
  std::memcpy(made.data(), &tag, sizeof tag);
  std::memcpy(made.data() + sizeof tag, &length, sizeof length);
  return made.append(body_of(tag, bytes));
}

std::optional<Value> read_pieces(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  Value value;
  while (!bytes.empty()) {
    if (bytes.size() < header_bytes) return std::nullopt;
    std::uint64_t tag = 0, length = 0;
    std::memcpy(&tag, bytes.data(), sizeof tag);
    std::memcpy(&length, bytes.data() + sizeof tag, sizeof length);
    if (length < header_bytes || length > bytes.size() || length > most_piece_bytes)
      return std::nullopt;
    if (bytes.substr(header_bytes, length - header_bytes) != body_of(tag, length))
      return std::nullopt;
    value = extended(value, tag, length);
    bytes.remove_prefix(length);
  }
  return value;
}

}  // namespace pkv::torture
