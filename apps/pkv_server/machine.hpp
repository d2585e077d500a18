#pragma once

#include <string>
#include <vector>

namespace pkv::server {

/// This machine's name.
[[nodiscard]] std::string host_name();

/// This machine's addresses as other machines may reach them, in digits.
[[nodiscard]] std::vector<std::string> machine_addresses();

/// 128 random bits from the system, in hexadecimal. Throws std::system_error if it has none.
[[nodiscard]] std::string random_token();

}  // namespace pkv::server
