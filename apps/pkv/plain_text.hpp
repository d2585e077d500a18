#pragma once

#include "pkv/reply.hpp"

#include <boost/system/error_code.hpp>

#include <string>
#include <string_view>

namespace pkv::cli {

/// How bytes that are not plain text are printed.
enum class Bytes {
  raw,      ///< As they are.
  escaped,  ///< Control characters, backslashes and broken UTF-8 as \n, \r, \t, \\ and \xHH.
  shown,    ///< For a terminal: as escaped, but line ends, tabs and backslashes as they are.
};

void append_bytes(std::string& to, std::string_view bytes, Bytes how);

/// Appends an answer as one line's worth of plain words, without a line end; the bytes of values
/// may contain some if they are raw. `key`, if not empty, names the key that an error is about.
void append_plain(std::string& to, const Reply& reply, Bytes how, std::string_view key = {});

/// An error reply in plain words: "no such key: city". The code in capitals is left out where the
/// words say as much.
[[nodiscard]] std::string plain_error(const Reply& error, std::string_view key = {});

/// An error's message, which begins in lower case since something stands before it.
[[nodiscard]] std::string plain_error(boost::system::error_code error);

}  // namespace pkv::cli
