#pragma once

#include "pkv/client.hpp"
#include "pkv/reply.hpp"

#include "net/client/file_manifest.hpp"
#include "net/client/file_requests.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pkv {

/// Whether a value is the one that was stored.
using IsSound = std::function<bool(std::string_view)>;

/// What nodes have under a key of a file.
struct FileCopies {
  std::optional<std::string> sound;  ///< One that is sound, if any is.
  bool all_sound = false;
  bool all_missing = false;
};

/// `reply` is that of GET, one copy, or of COPIES. No other kind than these give is a copy.
[[nodiscard]] FileCopies judge_copies(Reply reply, const IsSound& is_sound);

/// What every node that holds the key has.
[[nodiscard]] boost::asio::awaitable<FileResult<FileCopies>> ask_copies(Client& client,
                                                                        std::string key,
                                                                        IsSound is_sound);

/// Stores a sound value again at all nodes that hold the key; but if the file has been replaced or
/// removed by now, sees to it that the key is not there.
[[nodiscard]] boost::asio::awaitable<FileResult<void>> restore_copies(Client& client,
                                                                      FileManifest manifest,
                                                                      std::string key,
                                                                      std::string value);

}  // namespace pkv
