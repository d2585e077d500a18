#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

namespace pkv::sql {

/// Why a query cannot be run, in words for whoever wrote it.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& text, std::optional<std::size_t> offset = std::nullopt)
      : std::runtime_error(text), offset_(offset) {}

  /// Of the byte of the query at which something is wrong, if that is known.
  [[nodiscard]] std::optional<std::size_t> offset() const noexcept { return offset_; }

 private:
  std::optional<std::size_t> offset_;
};

}  // namespace pkv::sql
