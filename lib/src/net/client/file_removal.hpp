#pragma once

#include "pkv/client.hpp"

#include "net/client/file_index.hpp"
#include "net/client/file_manifest.hpp"
#include "net/client/file_requests.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace pkv {

/// Removes the chunks of a generation after all its entries have been taken over, then those.
/// Returns the number of chunks; nothing, and none is removed, if an entry belongs to somebody else
/// by now, or the generation is that of the file.
[[nodiscard]] boost::asio::awaitable<FileResult<std::optional<std::uint64_t>>> remove_with_entries(
    Client& client, std::vector<FileEntry> entries);

/// Removes the chunks of a file whose manifest is not there any more. Leaves them to
/// collect_garbage() if their entry is not there.
[[nodiscard]] boost::asio::awaitable<FileResult<void>> remove_former(Client& client,
                                                                     FileManifest manifest);

/// Whether the entry's generation is that of the file of its name.
[[nodiscard]] boost::asio::awaitable<FileResult<bool>> is_current(Client& client, FileEntry entry);

}  // namespace pkv
