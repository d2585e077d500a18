#pragma once

#include "pkv/errc.hpp"
#include "pkv/reply.hpp"

#include <cstdint>
#include <string>

namespace pkv {

/// What a typed call makes of its reply: an error reply is its error, a reply of a kind that the
/// command never has is errc::protocol_error.

/// Of a command that answers with a status.
[[nodiscard]] result<void> done_from(const Reply& reply);

/// Of a command that answers with a value; nil is errc::key_not_found.
[[nodiscard]] result<std::string> value_from(Reply&& reply);

[[nodiscard]] result<std::int64_t> integer_from(const Reply& reply);

}  // namespace pkv
