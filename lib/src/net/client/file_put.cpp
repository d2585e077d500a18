#include "pkv/file_client.hpp"

#include "net/client/file_index.hpp"
#include "net/client/file_keys.hpp"
#include "net/client/file_lease.hpp"
#include "net/client/file_manifest.hpp"
#include "net/client/file_removal.hpp"
#include "net/client/file_requests.hpp"
#include "net/client/file_upload.hpp"
#include "net/no_throw.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

std::int64_t now_ns() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

FileResult<void> check(const std::string& name, const PutOptions& put,
                       const FileClientOptions& options) {
  if (name.empty()) return FileError(FileFault::bad_name, "a file needs a name");
  if (name.starts_with(file_keys::prefix)) {
    return FileError(FileFault::bad_name,
                     "names that begin with " + std::string(file_keys::prefix) + " are kept");
  }
  if (options.chunk_bytes < 1 || options.chunk_bytes > largest_chunk_bytes) {
    return FileError(FileFault::bad_option, "a chunk has 1 byte to 64 MiB");
  }
  if (put.content_type.size() > largest_content_type_bytes ||
      put.content_type.find_first_of("\r\n") != std::string::npos) {
    return FileError(FileFault::bad_option, "a content type has at most 255 bytes on one line");
  }
  return {};
}

/// Whether there is nothing under the name, or a file that may be replaced.
FileResult<void> may_replace(std::string_view text) {
  if (text.empty()) return {};
  const auto manifest = parse_manifest("", text);
  if (manifest || manifest.error().fault == FileFault::damaged) return {};
  return manifest.error();
}

std::string generation_in(std::string_view text) {
  const auto manifest = parse_manifest("", text);
  return manifest ? manifest->info.generation : std::string();
}

/// The newest interrupted upload of that name, ours now; nothing if there is none.
asio::awaitable<FileResult<std::optional<FileEntry>>> find_interrupted(
    Client& client, std::string name, std::string current_generation,
    std::chrono::milliseconds silence) {
  const auto bounds = co_await index_bounds(client);
  if (!bounds) co_return bounds.error();
  std::optional<FileEntry> found;
  const VisitEntry look = [&](FileEntry entry) {
    const bool sound = entry.chunk_bytes > 0 && entry.chunk_bytes <= largest_chunk_bytes;
    if (sound && !entry.claimed && entry.name == name && entry.generation != current_generation)
      found = std::move(entry);
  };
  const auto walked = co_await walk_index(client, *bounds, look);
  if (!walked) co_return walked.error();
  if (!found) co_return std::optional<FileEntry>();

  asio::steady_timer timer(co_await asio::this_coro::executor, silence);
  auto [interrupted] = co_await timer.async_wait(no_throw);
  if (interrupted) co_return connection_error(interrupted);
  auto ours = co_await take_over(client, *found);  // nothing if it has shown life
  if (ours && !*ours) {
    co_return FileError(FileFault::under_way, "an upload of that name is still going on");
  }
  if (ours) (*ours)->claimed = false;  // from its first sign of life on
  co_return std::move(ours);
}

/// Puts the manifest in place of what there is, and removes what that stood for.
asio::awaitable<FileResult<void>> commit(Client& client, FileManifest manifest, FileLease& lease) {
  const auto confirmed = co_await lease.confirm();
  if (!confirmed) co_return confirmed;
  Pipeline commands;
  commands.add("SET", manifest.info.name, to_text(manifest), "GET");
  commands.add("EXISTS", file_keys::entry(manifest.entry));
  const auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  if ((*replies)[1].integer() == 0) {
    co_return FileError(FileFault::lost_upload,
                        "the upload was cleaned away as interrupted at its very end; "
                        "the file has to be stored anew");
  }
  auto old = parse_manifest(manifest.info.name, value_of((*replies)[0]));
  if (!old || old->info.generation == manifest.info.generation) co_return FileResult<void>();
  FileManifest former = std::move(*old);
  // The new file is there, whatever becomes of the old one; collect_garbage() finds it again.
  [[maybe_unused]] const auto removed = co_await remove_former(client, std::move(former));
  co_return FileResult<void>();
}

/// After a failure: so that nothing of it stays, if the server can still be reached and the upload
/// is still ours.
asio::awaitable<void> clean_up(Client& client, FileEntry entry, FileFault fault) {
  if (fault == FileFault::connection || fault == FileFault::lost_upload) co_return;
  const auto removed = co_await remove_generation(client, entry.generation);
  if (!removed) co_return;  // collect_garbage() will
  [[maybe_unused]] const auto ended = co_await remove_entry(client, entry.number);
}

/// The entry that an upload begins with: a new one, or one that is resumed.
struct Beginning {
  FileEntry entry;
  bool resumed = false;
};

asio::awaitable<FileResult<Beginning>> begin(Client& client, std::string name, bool resume,
                                             std::string current_generation,
                                             const FileClientOptions& options) {
  Beginning beginning;
  if (resume) {
    auto found =
        co_await find_interrupted(client, name, std::move(current_generation), options.silence);
    if (!found) co_return found.error();
    if (*found) {
      beginning.entry = std::move(**found);
      beginning.resumed = true;
      co_return std::move(beginning);
    }
  }
  beginning.entry.name = std::move(name);
  beginning.entry.generation = new_generation();
  beginning.entry.chunk_bytes = options.chunk_bytes;
  FileEntry entry = beginning.entry;
  const auto number = co_await add_entry(client, std::move(entry));
  if (!number) co_return number.error();
  beginning.entry.number = *number;
  co_return std::move(beginning);
}

}  // namespace

asio::awaitable<FileResult<FileInfo>> FileClient::put(std::string name, FileSource& source,
                                                      PutOptions put) {
  const auto checked = check(name, put, options_);
  if (!checked) co_return checked.error();
  const auto there = co_await ask_value(client_, name);
  if (!there) co_return there.error();
  const auto allowed = may_replace(*there);
  if (!allowed) co_return allowed.error();
  auto beginning = co_await begin(client_, name, put.resume, generation_in(*there), options_);
  if (!beginning) co_return beginning.error();

  const auto executor = co_await asio::this_coro::executor;
  FileLease lease(executor, client_, beginning->entry, options_);
  FileUpload upload(client_, options_, lease, source, beginning->resumed);
  auto done = co_await upload.run();
  FileManifest manifest;
  if (done) {
    manifest.info.name = std::move(name);
    manifest.info.size_bytes = upload.size_bytes();
    manifest.info.chunk_bytes = beginning->entry.chunk_bytes;
    manifest.info.content_type = std::move(put.content_type);
    if (manifest.info.content_type.empty()) {
      manifest.info.content_type = "application/octet-stream";
    }
    manifest.info.modified_ns = put.modified_ns.value_or(now_ns());
    manifest.info.checksum = upload.checksum();
    manifest.info.generation = beginning->entry.generation;
    manifest.entry = beginning->entry.number;
    FileManifest committed = manifest;
    if (beginning->resumed) {  // the interrupted one may have been longer
      const auto trimmed =
          co_await remove_generation(client_, manifest.info.generation, manifest.chunks());
      if (!trimmed) co_return trimmed.error();
    }
    done = co_await commit(client_, std::move(committed), lease);
    // The manifest may be in place: nothing may be removed any more.
    if (!done) co_return done.error();
    co_return std::move(manifest.info);
  }
  co_await clean_up(client_, beginning->entry, done.error().fault);
  co_return done.error();
}

}  // namespace pkv
