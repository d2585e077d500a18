#include "pkv/file_client.hpp"

#include "net/client/file_index.hpp"
#include "net/client/file_removal.hpp"
#include "net/no_throw.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <map>
#include <utility>
#include <vector>

namespace pkv {

namespace asio = boost::asio;

namespace {

/// Entries by the generation that they are about: an upload that was resumed may have several.
using Generations = std::map<std::string, std::vector<FileEntry>>;

/// All generations in the index that are no file.
asio::awaitable<FileResult<Generations>> find_candidates(Client& client, IndexBounds bounds) {
  Generations all;
  const VisitEntry collect = [&](FileEntry entry) {
    std::vector<FileEntry>& entries = all[entry.generation];
    entries.push_back(std::move(entry));
  };
  const auto walked = co_await walk_index(client, bounds, collect);
  if (!walked) co_return walked.error();
  for (auto at = all.begin(); at != all.end();) {
    FileEntry entry = at->second.front();
    const auto current = co_await is_current(client, std::move(entry));
    if (!current) co_return current.error();
    at = *current ? all.erase(at) : std::next(at);
  }
  co_return std::move(all);
}

/// Leaves out those of which an entry has changed or gone, or come.
asio::awaitable<FileResult<std::size_t>> leave_out_living(Client& client, Generations& candidates,
                                                          IndexBounds bounds) {
  Generations now;
  const VisitEntry collect = [&](FileEntry entry) {
    if (!candidates.contains(entry.generation)) return;
    std::vector<FileEntry>& entries = now[entry.generation];
    entries.push_back(std::move(entry));
  };
  const auto walked = co_await walk_index(client, bounds, collect);
  if (!walked) co_return walked.error();
  const std::size_t before = candidates.size();
  std::erase_if(candidates, [&](const auto& candidate) {
    const auto& [generation, entries] = candidate;
    return now[generation] != entries;
  });
  co_return before - candidates.size();
}

}  // namespace

asio::awaitable<FileResult<FileClient::Garbage>> FileClient::collect_garbage() {
  Garbage garbage;
  const auto bounds = co_await index_bounds(client_);
  if (!bounds) co_return bounds.error();
  auto candidates = co_await find_candidates(client_, *bounds);
  if (!candidates) co_return candidates.error();
  if (!candidates->empty()) {
    asio::steady_timer timer(co_await asio::this_coro::executor, options_.silence);
    auto [interrupted] = co_await timer.async_wait(no_throw);
    if (interrupted) co_return connection_error(interrupted);
    const auto later = co_await index_bounds(client_);
    if (!later) co_return later.error();
    const auto alive = co_await leave_out_living(client_, *candidates, *later);
    if (!alive) co_return alive.error();
    garbage.alive = *alive;
  }
  for (const auto& [generation, entries] : *candidates) {
    std::vector<FileEntry> copies = entries;
    const auto removed = co_await remove_with_entries(client_, std::move(copies));
    if (!removed) co_return removed.error();
    if (*removed) {
      ++garbage.uploads;
      garbage.chunks += **removed;
    } else {
      ++garbage.alive;
    }
  }
  const auto trimmed = co_await trim_index(client_, *bounds);
  if (!trimmed) co_return trimmed.error();
  co_return garbage;
}

}  // namespace pkv
