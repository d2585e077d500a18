#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

namespace pkv {

struct ValueBlock;

/// Gives back what malloc() gave.
struct FreeMemory {
  void operator()(char* memory) const noexcept { std::free(memory); }
};

/// An entry that has come in memory of its own, so that an engine may keep that memory instead of
/// copying the value out of it.
struct ReceivedEntry {
  std::unique_ptr<char, FreeMemory> memory;  ///< From malloc().
  std::size_t memory_bytes = 0;
  std::string_view key;    ///< In the memory, and so is the value.
  std::string_view value;  ///< Directly behind the key.
  /// The checksum of the value (XXH3, 64 bits, seed 0), if it is known: it has been compared with
  /// what was sent.
  std::optional<std::uint64_t> checksum;
};

/// A large value where the engine keeps it, for as long as somebody needs the bytes: they stay
/// what they are, and where they are, until the last SharedValue of them is gone, whatever is
/// written meanwhile. A counted reference.
///
/// Thread safety: none; all references and the engine are used by one thread.
/// Lifetime: may outlive the engine.
/// Errors: none.
class SharedValue {
 public:
  SharedValue() = default;
  /// For engines: the block's own bytes.
  SharedValue(ValueBlock& block, std::string_view bytes) noexcept;
  SharedValue(const SharedValue& other) noexcept;
  SharedValue(SharedValue&& other) noexcept;
  SharedValue& operator=(SharedValue other) noexcept;
  ~SharedValue();

  /// Whether there is a value; false by default.
  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  /// Of the bytes as they were received (see ReceivedEntry), if it is known.
  [[nodiscard]] std::optional<std::uint64_t> checksum() const noexcept { return checksum_; }

 private:
  ValueBlock* block_ = nullptr;
  std::string_view bytes_;
  std::optional<std::uint64_t> checksum_;
};

}  // namespace pkv
