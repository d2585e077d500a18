#pragma once

#include "pkv/client.hpp"
#include "pkv/file_error.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

/// Replies none of which is an error.
using FileReplies = FileResult<std::vector<Reply>>;

/// Executes the commands; the first error among the replies is the error of all.
/// Lifetime: `client` must outlive the coroutine.
[[nodiscard]] boost::asio::awaitable<FileReplies> ask(Client& client, Pipeline commands);

/// The value of a key; empty if there is none.
[[nodiscard]] boost::asio::awaitable<FileResult<std::string>> ask_value(Client& client,
                                                                        std::string key);

/// What a failed connection is for a file.
[[nodiscard]] FileError connection_error(boost::system::error_code error);
/// What an error reply is for a file.
[[nodiscard]] FileError refused(const Reply& error);

/// A bulk's bytes; nothing for nil and all else.
[[nodiscard]] std::string_view value_of(const Reply& reply);

/// Removes the keys that `key_of` makes of the numbers from `first` to before `end`, the last ones
/// first: so what an interruption leaves has no gaps. Returns how many there were.
using KeyOf = std::function<std::string(std::uint64_t)>;
[[nodiscard]] boost::asio::awaitable<FileResult<std::uint64_t>> remove_keys(Client& client,
                                                                            const KeyOf& key_of,
                                                                            std::uint64_t first,
                                                                            std::uint64_t end);

/// The number behind the last of the keys that there are from `first` on; gaps are shorter than
/// 256.
[[nodiscard]] boost::asio::awaitable<FileResult<std::uint64_t>> find_end(Client& client,
                                                                         const KeyOf& key_of,
                                                                         std::uint64_t first);

/// Removes chunks and checksums of a generation from chunk `first` on, however many there are.
/// Returns the number of chunks.
[[nodiscard]] boost::asio::awaitable<FileResult<std::uint64_t>> remove_generation(
    Client& client, std::string generation, std::uint64_t first = 0);

/// A fresh number of 128 bits, in hexadecimal digits.
[[nodiscard]] std::string new_generation();

}  // namespace pkv
