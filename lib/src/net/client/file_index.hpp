#pragma once

#include "pkv/client.hpp"

#include "net/client/file_requests.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pkv {

/// An entry of the index: this name has, or may have, chunks of this generation.
///
///     pkv-upload 1
///     generation 0f1e...
///     chunk-size 1048576
///     beat 3               counts up while the upload is alive
///     state active         or claimed: only to be removed, not to be resumed
///     (an empty line)
///     the name's bytes
///
/// The index finds files by name and what interrupted uploads have left, with plain commands only:
/// entries have consecutive numbers from a counter, each has a key of its own, and whoever removes
/// an entry (DELIFEQ) owns what it stands for. Nothing is changed in place but by its owner. Of a
/// generation at most one entry is active; so nobody resumes what somebody else is removing.
struct FileEntry {
  std::uint64_t number = 0;
  std::string name;
  std::string generation;
  std::uint64_t chunk_bytes = 0;
  std::uint64_t beat = 0;
  bool claimed = false;

  friend bool operator==(const FileEntry&, const FileEntry&) = default;
};

[[nodiscard]] std::string to_text(const FileEntry& entry);
[[nodiscard]] std::optional<FileEntry> parse_entry(std::uint64_t number, std::string_view text);

/// Adds an entry and returns its number. Its own number is not used.
[[nodiscard]] boost::asio::awaitable<FileResult<std::uint64_t>> add_entry(Client& client,
                                                                          FileEntry entry);

/// Replaces an entry; false, and nothing is changed, if there is none of its number any more.
[[nodiscard]] boost::asio::awaitable<FileResult<bool>> update_entry(Client& client,
                                                                    FileEntry entry);

/// Makes an entry of somebody else ours: returns the new one, which is claimed until it is updated,
/// or nothing if the entry is gone or has changed. An interruption leaves the old entry, perhaps
/// with a claimed one beside it, or the claimed one.
[[nodiscard]] boost::asio::awaitable<FileResult<std::optional<FileEntry>>> take_over(
    Client& client, FileEntry entry);

/// The entry with this number, if it is there and about this generation.
[[nodiscard]] boost::asio::awaitable<FileResult<std::optional<FileEntry>>> find_entry(
    Client& client, std::uint64_t number, std::string generation);

[[nodiscard]] boost::asio::awaitable<FileResult<void>> remove_entry(Client& client,
                                                                    std::uint64_t number);

/// The numbers that entries can have.
struct IndexBounds {
  std::uint64_t first = 1;
  std::uint64_t end = 1;  ///< One more than the last.
};

[[nodiscard]] boost::asio::awaitable<FileResult<IndexBounds>> index_bounds(Client& client);

/// Calls `visit` for all entries with numbers in the bounds, in their order.
using VisitEntry = std::function<void(FileEntry)>;
[[nodiscard]] boost::asio::awaitable<FileResult<void>> walk_index(Client& client,
                                                                  IndexBounds bounds,
                                                                  const VisitEntry& visit);

/// Lets the index begin at the first entry there is from bounds.first on.
[[nodiscard]] boost::asio::awaitable<FileResult<void>> trim_index(Client& client,
                                                                  IndexBounds bounds);

}  // namespace pkv
