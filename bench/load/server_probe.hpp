#pragma once

#include "load/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace pkv::bench {

/// The first of the host's addresses where somebody listens. Throws ConnectFailure if there is none
/// in time.
[[nodiscard]] Connection::Endpoint find_server(const std::string& host, std::uint16_t port,
                                               std::chrono::milliseconds timeout);

/// Why the server cannot scan, or nothing if it can.
[[nodiscard]] std::optional<std::string> scan_refusal(const Connection::Endpoint& server,
                                                      std::chrono::milliseconds timeout);

}  // namespace pkv::bench
