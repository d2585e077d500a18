#include "net/client/file_download.hpp"

#include "net/client/file_keys.hpp"
#include "net/client/file_requests.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

/// Small chunks are asked for in no larger numbers than this.
constexpr std::size_t most_requests = 1024;

CommandStreamOptions window(const FileClientOptions& options, const FileInfo& file) {
  CommandStreamOptions window;
  const std::size_t chunks = options.bytes_in_flight / file.chunk_bytes;
  window.window_commands = std::clamp<std::size_t>(chunks, 1, most_requests);
  return window;
}

}  // namespace

FileDownload::FileDownload(Client& client, const FileClientOptions& options, FileManifest manifest,
                           FileSink& sink, FileRange range)
    : client_(client),
      manifest_(std::move(manifest)),
      sink_(sink),
      range_(range),
      stream_(
          client,
          [this](std::span<Reply> replies) {
            arrived_.insert(arrived_.end(), std::move_iterator(replies.begin()),
                            std::move_iterator(replies.end()));
          },
          window(options, manifest_.info)) {}

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
  const auto value =
      co_await ask_value(client_, file_keys::checksums(manifest_.info.generation, number));
  if (!value) co_return value.error();
  page_ = ChecksumsPage::parse(*value);
  const std::uint64_t behind = manifest_.chunks() - number * ChecksumsPage::chunks;
  if (page_.size() >= std::min(behind, ChecksumsPage::chunks)) co_return FileResult<void>();
  if (value->empty()) co_return damaged(chunk, "has no checksum");
  co_return damaged(chunk, "has a damaged checksum");
}

asio::awaitable<FileResult<void>> FileDownload::request(std::uint64_t chunk) {
  expected_.push_back({chunk, std::string(page_[chunk % ChecksumsPage::chunks])});
  Pipeline command;
  command.add("GET", file_keys::chunk(manifest_.info.generation, chunk));
  const auto sent = co_await stream_.send(std::move(command));
  if (!sent) co_return connection_error(sent.error());
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileDownload::deliver() {
  while (!arrived_.empty()) {
    const Reply reply = std::move(arrived_.front());
    arrived_.pop_front();
    const Expected expected = std::move(expected_.front());
    expected_.pop_front();
    const auto checked = check(expected, reply);
    if (!checked) co_return checked;
    whole_.add(reply.text());
    const auto written = co_await sink_.write(wanted(expected.number, reply.text()));
    if (!written) co_return written;
  }
  co_return FileResult<void>();
}

FileResult<void> FileDownload::check(const Expected& expected, const Reply& reply) {
  if (reply.is_error()) return refused(reply);
  if (!reply.is_bulk()) return damaged(expected.number, "is missing");
  const FileInfo& file = manifest_.info;
  const std::uint64_t begin = expected.number * file.chunk_bytes;
  const std::uint64_t length = std::min(file.chunk_bytes, file.size_bytes - begin);
  if (reply.text().size() != length || file_checksum(reply.text()) != expected.checksum) {
    return damaged(expected.number, "is not what was stored");
  }
  return {};
}

std::string_view FileDownload::wanted(std::uint64_t chunk, std::string_view bytes) const {
  const std::uint64_t begin = chunk * manifest_.info.chunk_bytes;
  const std::uint64_t end = range_.offset + range_.bytes;
  if (begin + bytes.size() > end) bytes = bytes.substr(0, end - begin);
  if (begin < range_.offset) bytes.remove_prefix(range_.offset - begin);
  return bytes;
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
