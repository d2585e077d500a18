#pragma once

#include "pkv/client.hpp"
#include "pkv/file_client.hpp"

#include <cstddef>

namespace pkv {

/// Bytes of chunks that a transfer over this connection may have under way at once.
[[nodiscard]] inline std::size_t bytes_in_flight(const Client& client,
                                                 const FileClientOptions& options) noexcept {
  constexpr std::size_t within_machine = std::size_t{512} << 10;
  constexpr std::size_t over_network = std::size_t{4} << 20;
  const bool near = client.is_connected_within_machine();
  return options.bytes_in_flight.value_or(near ? within_machine : over_network);
}

}  // namespace pkv
