#include "pkv/file_client.hpp"

#include "net/client/file_download.hpp"
#include "net/client/file_index.hpp"
#include "net/client/file_manifest.hpp"
#include "net/client/file_manifest_copies.hpp"
#include "net/client/file_removal.hpp"
#include "net/client/file_requests.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

constexpr int most_turns = 10;
constexpr std::size_t manifests_at_once = 256;
constexpr std::size_t longest_manifest = 4096;  // and more: what is longer is another value

/// Reads to check, and keeps nothing.
class NoSink final : public FileSink {
 public:
  FileResult<void> start(const FileInfo&, std::uint64_t) override { return {}; }
  asio::awaitable<FileResult<void>> write(std::string) override { co_return FileResult<void>(); }
};

asio::awaitable<FileResult<FileManifest>> read_manifest(Client& client, std::string name,
                                                        const FileClientOptions& options,
                                                        CopiesRead copies) {
  if (copies == CopiesRead::one) {
    const auto text = co_await ask_value(client, name);
    if (!text) co_return text.error();
    if (text->empty()) co_return FileError(FileFault::no_such_file, "no such file");
    auto manifest = parse_manifest(name, *text);
    if (manifest || text->size() > longest_manifest) co_return std::move(manifest);
  }
  co_return co_await whole_manifest(client, std::move(name), options);
}

/// Names of files that may be there.
asio::awaitable<FileResult<std::set<std::string>>> indexed_names(Client& client,
                                                                 std::string prefix) {
  std::set<std::string> names;
  const auto bounds = co_await index_bounds(client);
  if (!bounds) co_return bounds.error();
  const VisitEntry collect = [&](FileEntry entry) {
    if (entry.name.starts_with(prefix)) names.insert(std::move(entry.name));
  };
  const auto walked = co_await walk_index(client, *bounds, collect);
  if (!walked) co_return walked.error();
  co_return std::move(names);
}

FileResult<FileRange> within(FileRange range, const FileInfo& file) {
  const bool whole = range.offset == 0 && range.bytes == UINT64_MAX;
  if (!whole && range.offset >= file.size_bytes) {
    return FileError(FileFault::bad_range, "the range begins behind the file's end, at " +
                                               std::to_string(file.size_bytes) + " bytes");
  }
  range.bytes = std::min(range.bytes, file.size_bytes - range.offset);
  return range;
}

asio::awaitable<FileResult<FileInfo>> read(Client& client, const FileClientOptions& options,
                                           std::string name, FileSink& sink, FileRange range,
                                           CopiesRead copies) {
  auto manifest = co_await read_manifest(client, name, options, copies);
  if (!manifest) co_return manifest.error();
  for (int turn = 0; turn < most_turns; ++turn) {
    const auto part = within(range, manifest->info);
    if (!part) co_return part.error();
    const auto started = sink.start(manifest->info, part->bytes);
    if (!started) co_return started.error();
    FileDownload download(client, options, *manifest, sink, *part, copies);
    const auto done = co_await download.run();
    if (done) co_return manifest->info;
    if (done.error().fault != FileFault::damaged) co_return done.error();

    // Damaged, unless its chunks were removed because there is another file now.
    auto now = co_await read_manifest(client, name, options, CopiesRead::one);
    const bool gone = !now && now.error().fault == FileFault::no_such_file;
    if (gone) co_return FileError(FileFault::replaced, "it was removed while it was read");
    if (!now) co_return now.error();
    if (now->info.generation == manifest->info.generation) co_return done.error();
    *manifest = std::move(*now);
  }
  co_return FileError(FileFault::replaced, "it is replaced faster than it can be read");
}

}  // namespace

asio::awaitable<FileResult<FileInfo>> FileClient::stat(std::string name) {
  const auto manifest = co_await read_manifest(client_, std::move(name), options_, CopiesRead::one);
  if (!manifest) co_return manifest.error();
  co_return manifest->info;
}

asio::awaitable<FileResult<FileInfo>> FileClient::get(std::string name, FileSink& sink,
                                                      FileRange range) {
  co_return co_await read(client_, options_, std::move(name), sink, range, CopiesRead::one);
}

asio::awaitable<FileResult<FileInfo>> FileClient::verify(std::string name) {
  NoSink nowhere;
  const FileRange all;
  co_return co_await read(client_, options_, std::move(name), nowhere, all, CopiesRead::all);
}

asio::awaitable<FileResult<std::vector<FileInfo>>> FileClient::list(std::string prefix) {
  auto names = co_await indexed_names(client_, std::move(prefix));
  if (!names) co_return names.error();
  std::vector<FileInfo> files;
  while (!names->empty()) {
    std::vector<std::string> some;
    Pipeline commands;
    while (!names->empty() && some.size() < manifests_at_once) {
      some.push_back(std::move(names->extract(names->begin()).value()));
      commands.add("GET", some.back());
    }
    const auto replies = co_await ask(client_, std::move(commands));
    if (!replies) co_return replies.error();
    for (std::size_t at = 0; at < some.size(); ++at) {
      const auto manifest = parse_manifest(some[at], value_of((*replies)[at]));
      if (manifest) {
        files.push_back(manifest->info);
      } else if (manifest.error().fault == FileFault::damaged) {
        FileInfo damaged;
        damaged.name = some[at];
        files.push_back(std::move(damaged));
      }
    }
  }
  co_return std::move(files);
}

asio::awaitable<FileResult<void>> FileClient::remove(std::string name) {
  const auto there = co_await read_manifest(client_, name, options_, CopiesRead::one);
  const bool damaged = !there && there.error().fault == FileFault::damaged;
  if (!there && !damaged) co_return there.error();

  Pipeline take;
  take.add("GETDEL", name);
  const auto taken = co_await ask(client_, std::move(take));
  if (!taken) co_return taken.error();
  const std::string text(value_of(taken->front()));
  if (text.empty()) co_return FileError(FileFault::no_such_file, "no such file");
  const auto manifest = parse_manifest(name, text);
  if (!manifest && manifest.error().fault == FileFault::not_a_file) {
    Pipeline undo;  // somebody has stored a value there since we looked
    undo.add("SET", name, text, "NX");
    const auto undone = co_await ask(client_, std::move(undo));
    if (!undone) co_return undone.error();
    co_return manifest.error();
  }
  if (!manifest) co_return FileResult<void>();  // what it had is garbage to collect_garbage()
  FileManifest former = *manifest;
  co_return co_await remove_former(client_, std::move(former));
}

}  // namespace pkv
