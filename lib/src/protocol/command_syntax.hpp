#pragma once

#include "pkv/reply.hpp"

#include <string_view>

namespace pkv {

/// The "arguments" field of COMMAND DOCS made of CommandInfo::syntax: an array with, for each
/// argument, its name, type, token and flags as names and values in turn.
/// Requires: the syntax is well-formed; that of every command in the table is, by test.
[[nodiscard]] Reply describe_syntax(std::string_view syntax);

}  // namespace pkv
