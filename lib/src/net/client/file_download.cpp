#include "net/client/file_download.hpp"

#include "net/client/file_keys.hpp"
#include "net/client/file_requests.hpp"
#include "net/client/file_window.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

/// Small chunks are asked for in no larger numbers than this.
constexpr std::size_t most_requests = 1024;

CommandStreamOptions window(const Client& client, const FileClientOptions& options,
                            const FileInfo& file) {
  CommandStreamOptions window;
  const std::size_t chunks = bytes_in_flight(client, options) / file.chunk_bytes;
  window.window_commands = std::clamp<std::size_t>(chunks, 1, most_requests);
  return window;
}

}  // namespace

FileDownload::FileDownload(Client& client, const FileClientOptions& options, FileManifest manifest,
                           FileSink& sink, FileRange range, CopiesRead copies)
    : client_(client),
      manifest_(std::move(manifest)),
      sink_(sink),
      range_(range),
      copies_(copies),
      on_repair_(options.on_repair),
      stream_(
          client,
          [this](std::span<Reply> replies) {
            arrived_.insert(arrived_.end(), std::move_iterator(replies.begin()),
                            std::move_iterator(replies.end()));
          },
          window(client, options, manifest_.info)) {}

asio::awaitable<FileResult<void>> FileDownload::run() {
  const std::uint64_t each = manifest_.info.chunk_bytes;
  const std::uint64_t first = range_.offset / each;
  const std::uint64_t end =
      range_.bytes == 0 ? first : (range_.offset + range_.bytes - 1) / each + 1;
  for (std::uint64_t chunk = first; chunk < end; ++chunk) {
    if (chunk == first || chunk % ChecksumsPage::chunks == 0) {
      const auto loaded = co_await load_checksums(chunk);
      if (!loaded) co_return loaded;
    }
    const auto requested = co_await request(chunk);
    if (!requested) co_return requested;
    const auto delivered = co_await deliver();
    if (!delivered) co_return delivered;
  }
  const auto finished = co_await stream_.finish();
  if (!finished) co_return connection_error(finished.error());
  const auto delivered = co_await deliver();
  if (!delivered) co_return delivered;
  const bool all = range_.bytes == manifest_.info.size_bytes;
  if (all && to_hex(whole_.result()) != manifest_.info.checksum) {
    co_return FileError(FileFault::damaged,
                        "each chunk is sound, but the file as a whole is not what was stored");
  }
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileDownload::load_checksums(std::uint64_t chunk) {
  const std::uint64_t number = chunk / ChecksumsPage::chunks;
  const std::uint64_t behind = manifest_.chunks() - number * ChecksumsPage::chunks;
  const IsSound is_sound = [least = std::min(behind, ChecksumsPage::chunks)](auto value) {
    return ChecksumsPage::parse(value).size() >= least;
  };
  const std::string key = file_keys::checksums(manifest_.info.generation, number);
  auto copies = co_await ask_copies(client_, key, is_sound);
  if (!copies) co_return copies.error();
  const std::string_view what = copies->all_missing ? "has no checksum" : "has a damaged checksum";
  FileError damage = damaged(chunk, what);
  const auto value = co_await repaired(key, std::move(*copies), std::move(damage));
  if (!value) co_return value.error();
  page_ = ChecksumsPage::parse(*value);
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileDownload::request(std::uint64_t chunk) {
  expected_.push_back({chunk, std::string(page_[chunk % ChecksumsPage::chunks])});
  Pipeline command;
  const char* const name = copies_ == CopiesRead::all ? "COPIES" : "GET";
  command.add(name, file_keys::chunk(manifest_.info.generation, chunk));
  const auto sent = co_await stream_.send(std::move(command));
  if (!sent) co_return connection_error(sent.error());
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileDownload::deliver() {
  while (!arrived_.empty()) {
    Reply reply = std::move(arrived_.front());
    arrived_.pop_front();
    Expected expected = std::move(expected_.front());
    expected_.pop_front();
    const std::uint64_t number = expected.number;
    auto bytes = co_await sound_chunk(std::move(expected), std::move(reply));
    if (!bytes) co_return bytes.error();
    whole_.add(*bytes);
    cut_to_range(number, *bytes);
    const auto written = co_await sink_.write(std::move(*bytes));
    if (!written) co_return written;
  }
  co_return FileResult<void>();
}

asio::awaitable<FileResult<std::string>> FileDownload::sound_chunk(Expected expected, Reply reply) {
  if (reply.is_error()) co_return refused(reply);
  const FileInfo& file = manifest_.info;
  const std::uint64_t begin = expected.number * file.chunk_bytes;
  const std::uint64_t length = std::min(file.chunk_bytes, file.size_bytes - begin);
  const IsSound is_sound = [length, &expected](std::string_view bytes) {
    return bytes.size() == length && file_checksum(bytes) == expected.checksum;
  };
  FileCopies copies = judge_copies(std::move(reply), is_sound);
  if (copies.all_sound) co_return *std::move(copies.sound);
  std::string key = file_keys::chunk(file.generation, expected.number);
  if (copies_ == CopiesRead::one) {
    auto all = co_await ask_copies(client_, key, is_sound);
    if (!all) co_return all.error();
    copies = std::move(*all);
  }
  FileError damage =
      damaged(expected.number, copies.all_missing ? "is missing" : "is not what was stored");
  co_return co_await repaired(std::move(key), std::move(copies), std::move(damage));
}

asio::awaitable<FileResult<std::string>> FileDownload::repaired(std::string key, FileCopies copies,
                                                                FileError damage) {
  if (!copies.sound) co_return damage;
  if (copies.all_sound) co_return *std::move(copies.sound);
  std::string value = *copies.sound;
  const auto restored = co_await restore_copies(client_, manifest_, key, std::move(value));
  if (!restored) co_return restored.error();
  if (on_repair_) on_repair_(manifest_.info.name, damage);
  co_return *std::move(copies.sound);
}

void FileDownload::cut_to_range(std::uint64_t chunk, std::string& bytes) const {
  const std::uint64_t begin = chunk * manifest_.info.chunk_bytes;
  const std::uint64_t end = range_.offset + range_.bytes;
  if (begin + bytes.size() > end) bytes.resize(end - begin);
  if (begin < range_.offset) bytes.erase(0, range_.offset - begin);
}

FileError FileDownload::damaged(std::uint64_t chunk, std::string_view what) const {
  const FileInfo& file = manifest_.info;
  const std::uint64_t begin = chunk * file.chunk_bytes;
  const std::uint64_t end = std::min(begin + file.chunk_bytes, file.size_bytes);
  std::string text = "damaged at offset " + std::to_string(begin) + ": chunk " +
                     std::to_string(chunk) + ", bytes " + std::to_string(begin) + " to " +
                     std::to_string(end - 1) + ", " + std::string(what);
  return {FileFault::damaged, std::move(text), begin};
}

}  // namespace pkv
