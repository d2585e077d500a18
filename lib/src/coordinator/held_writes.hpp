#pragma once

#include "base/byte_buffer.hpp"
#include "base/endian.hpp"
#include "wire/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv {

/// Writes that are kept back, in their order, each with its scan position and its place in the
/// order of all operations.
///
/// Thread safety: none.
class HeldWrites {
 public:
  /// Keeps a copy. Throws std::bad_alloc; then nothing was added.
  void add(std::uint64_t scan_position, const wire::Operation& operation, std::uint64_t sequence) {
    const std::size_t bytes = head_bytes + wire::encoded_bytes(operation);
    bytes_.prepare(bytes);  // so that nothing below needs memory
    char* at = bytes_.extend(head_bytes);
    at = store(at, scan_position);
    store(at, sequence);
    wire::append_operation(bytes_, operation);
  }

  /// Calls visit(operation, sequence) for each write with a scan position below `bound`, in order.
  template <class Visit>
  void for_each_below(std::uint64_t bound, Visit visit) const {
    std::string_view rest = bytes_.view();
    while (!rest.empty()) {
      const auto scan_position = load<std::uint64_t>(rest.data());
      const auto sequence = load<std::uint64_t>(rest.data() + sizeof scan_position);
      rest.remove_prefix(head_bytes);
      wire::OperationReader reader(rest, 1);
      wire::Operation operation;
      if (!reader.next(operation)) return;  // cannot be: add() has written it
      rest.remove_prefix(wire::encoded_bytes(operation));
      if (scan_position < bound) visit(operation, sequence);
    }
  }

  void clear() noexcept { bytes_.clear(); }

  /// What they take, about.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }

 private:
  static constexpr std::size_t head_bytes = 16;  // scan position (8), sequence (8)

  ByteBuffer bytes_;
};

}  // namespace pkv
