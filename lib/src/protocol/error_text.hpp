#pragma once

#include "pkv/errc.hpp"

#include <span>
#include <string>
#include <string_view>

/// The texts of error replies: an upper-case code that programs look at, then words for people.
///
/// Where Redis 7.0 has an error for the same mistake, its wording is used to the letter, because
/// client libraries and their users know it. All texts are without the leading '-' and line end.
namespace pkv::error_text {

inline constexpr std::string_view syntax = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";
inline constexpr std::string_view database_out_of_range = "ERR DB index is out of range";
inline constexpr std::string_view protocol_version_not_an_integer =
    "ERR Protocol version is not an integer or out of range";
inline constexpr std::string_view unsupported_protocol_version =
    "NOPROTO unsupported protocol version";
inline constexpr std::string_view not_on_disk_in_time =
    "TIMEOUT not everything was on the disk in time, it may be later";
inline constexpr std::string_view no_disk =
    "ERR entries are in memory only: start pkv_server with --engine sqlite";
/// As Redis has it, because clients know it by its text.
inline constexpr std::string_view over_max_memory =
    "OOM command not allowed when used memory > 'maxmemory'.";
inline constexpr std::string_view no_durability = "ERR a durability is none, batch or fsync";
inline constexpr std::string_view too_many_clients = "ERR max number of clients reached";

/// The reply to an operation that failed with `error`.
[[nodiscard]] std::string_view of(errc error) noexcept;

/// "ERR Protocol error: <what>"; the connection is closed after it.
[[nodiscard]] std::string protocol_error(std::string_view what);

/// What protocol_error says when an argument begins with `got`.
[[nodiscard]] std::string expected_bulk(char got);

/// For a time of expiry that no clock can show, or that must be above 0 and is not. `command` is as
/// in the table.
[[nodiscard]] std::string invalid_expiry(std::string_view command);

[[nodiscard]] std::string unsupported_option(std::string_view option);

/// Names the command and as much of its arguments as fits into 128 bytes, so that somebody who
/// finds it in a log can see what was meant. Requires: command is not empty.
[[nodiscard]] std::string unknown_command(std::span<const std::string_view> command);

/// `container` is the command as in the table, "client" say.
[[nodiscard]] std::string unknown_subcommand(std::string_view container,
                                             std::string_view subcommand);

/// `name` is the command as in the table, or "client|setname" for a subcommand.
[[nodiscard]] std::string wrong_arity(std::string_view name);

}  // namespace pkv::error_text
