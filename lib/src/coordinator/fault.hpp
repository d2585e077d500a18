#pragma once

#include "pkv/errc.hpp"

namespace pkv {

/// Whether an error is the worker's own: others may have run the operation. With any other, it has
/// failed in the same way wherever it was run.
[[nodiscard]] constexpr bool is_fault_of_worker(errc error) noexcept {
  switch (error) {
    case errc::out_of_memory:
    case errc::storage_failure:
    case errc::worker_timeout:
    case errc::node_down:
    case errc::malformed_frame:
    case errc::overloaded:
      return true;
    default:
      return false;
  }
}

}  // namespace pkv
