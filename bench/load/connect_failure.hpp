#pragma once

#include <stdexcept>

namespace pkv::bench {

/// The server could not be reached; what() says why.
struct ConnectFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace pkv::bench
