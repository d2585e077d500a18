#pragma once

#include "pkv/reply.hpp"

#include <span>
#include <string_view>

namespace pkv {

/// Answers the command COMMAND and its subcommands COUNT, LIST, INFO, DOCS and HELP, in the form
/// that Redis 7.0 gives them over RESP2; redis-cli makes its hints and its HELP of them.
///
/// `words` is the whole command, its name included.
/// Errors: for an unknown subcommand or superfluous arguments the reply is an error.
[[nodiscard]] Reply describe_commands(std::span<const std::string_view> words);

}  // namespace pkv
