#pragma once

#include "net/client/file_checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pkv {

/// The checksums of up to 1024 chunks that follow each other, as they are kept under one key:
///
///     16 bytes per chunk, then 16 bytes: the checksum of those before
///
/// A value type.
class ChecksumsPage {
 public:
  static constexpr std::uint64_t chunks = 1024;

  void add(std::string_view checksum) { checksums_ += checksum; }

  [[nodiscard]] std::uint64_t size() const noexcept {
    return checksums_.size() / file_checksum_bytes;
  }

  /// Of the chunk with this number within the page; empty if there are fewer.
  [[nodiscard]] std::string_view operator[](std::uint64_t index) const {
    if (index >= size()) return {};
    return std::string_view(checksums_).substr(index * file_checksum_bytes, file_checksum_bytes);
  }

  [[nodiscard]] std::string encoded() const { return checksums_ + file_checksum(checksums_); }

  /// Has no checksums if the value is none that encoded() makes.
  [[nodiscard]] static ChecksumsPage parse(std::string_view value) {
    ChecksumsPage page;
    if (value.size() < 2 * file_checksum_bytes || value.size() % file_checksum_bytes != 0) {
      return page;
    }
    const std::string_view checksums = value.substr(0, value.size() - file_checksum_bytes);
    if (file_checksum(checksums) == value.substr(checksums.size())) page.checksums_ = checksums;
    return page;
  }

 private:
  std::string checksums_;
};

}  // namespace pkv
