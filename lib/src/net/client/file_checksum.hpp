#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pkv {

/// XXH3 with 128 bits and seed 0 (https://xxhash.com) in its canonical form, 16 bytes.
[[nodiscard]] std::string file_checksum(std::string_view bytes);

inline constexpr std::size_t file_checksum_bytes = 16;

/// The same of bytes that come in pieces.
///
/// Thread safety: none.
class FileChecksum {
 public:
  FileChecksum();
  ~FileChecksum();

  void add(std::string_view bytes);
  [[nodiscard]] std::string result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Two lower-case digits per byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace pkv
