#include "pkv/durability.hpp"

#include <algorithm>

namespace pkv {
namespace {

constexpr char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

std::string_view to_text(Durability durability) noexcept {
  switch (durability) {
    case Durability::none:
      return "none";
    case Durability::batch:
      return "batch";
    case Durability::fsync:
      return "fsync";
  }
  return "unknown";
}

std::optional<Durability> parse_durability(std::string_view name) noexcept {
  for (const Durability level : {Durability::none, Durability::batch, Durability::fsync})
    if (std::ranges::equal(name, to_text(level), {}, lower)) return level;
  return std::nullopt;
}

}  // namespace pkv
