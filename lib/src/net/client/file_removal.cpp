#include "net/client/file_removal.hpp"

#include <utility>

namespace pkv {

namespace asio = boost::asio;

asio::awaitable<FileResult<bool>> is_current(Client& client, FileEntry entry) {
  const auto text = co_await ask_value(client, entry.name);
  if (!text) co_return FileResult<bool>(boost::system::in_place_error, text.error());
  const auto manifest = parse_manifest(entry.name, *text);
  const bool current = manifest && manifest->info.generation == entry.generation;
  co_return FileResult<bool>(boost::system::in_place_value, current);
}

asio::awaitable<FileResult<std::optional<std::uint64_t>>> remove_with_entries(
    Client& client, std::vector<FileEntry> entries) {
  std::vector<FileEntry> ours;
  for (const FileEntry& entry : entries) {
    FileEntry copy = entry;
    auto taken = co_await take_over(client, std::move(copy));
    if (!taken) co_return taken.error();
    if (!*taken) co_return std::optional<std::uint64_t>();
    ours.push_back(std::move(**taken));
  }
  FileEntry first = entries.front();
  const auto current = co_await is_current(client, std::move(first));
  if (!current) co_return current.error();
  if (*current) co_return std::optional<std::uint64_t>();  // it was finished just now
  const auto chunks = co_await remove_generation(client, entries.front().generation);
  if (!chunks) co_return chunks.error();
  for (const FileEntry& entry : ours) {
    const auto removed = co_await remove_entry(client, entry.number);
    if (!removed) co_return removed.error();
  }
  co_return std::optional<std::uint64_t>(*chunks);
}

asio::awaitable<FileResult<void>> remove_former(Client& client, FileManifest manifest) {
  auto entry = co_await find_entry(client, manifest.entry, manifest.info.generation);
  if (!entry) co_return entry.error();
  if (!*entry) co_return FileResult<void>();
  std::vector<FileEntry> entries;
  entries.push_back(std::move(**entry));
  const auto removed = co_await remove_with_entries(client, std::move(entries));
  if (!removed) co_return removed.error();
  co_return FileResult<void>();
}

}  // namespace pkv
