#include "net/client/file_upload.hpp"

#include "net/client/file_keys.hpp"
#include "net/client/file_window.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

/// An interrupted upload loses as many chunks at most: those whose checksums nobody knows.
constexpr std::uint64_t listed_at_once = 16;

// A single batch may exceed the window, and so may a chunk.
CommandStreamOptions window(const Client& client, const FileClientOptions& options) {
  CommandStreamOptions window;
  window.window_bytes = bytes_in_flight(client, options);
  return window;
}

}  // namespace

FileUpload::FileUpload(Client& client, const FileClientOptions& options, FileLease& lease,
                       FileSource& source, bool resumed)
    : client_(client),
      lease_(lease),
      source_(source),
      generation_(lease.entry().generation),
      resumed_(resumed),
      stream_(
          client, [this](std::span<Reply> replies) { judge(replies); }, window(client, options)),
      chunk_(lease.entry().chunk_bytes, '\0') {}

void FileUpload::judge(std::span<const Reply> replies) {
  for (const Reply& reply : replies) {
    if (reply.is_error() && !failure_) failure_ = refused(reply);
  }
}

asio::awaitable<FileResult<void>> FileUpload::run() {
  for (bool at_end = false; !at_end;) {
    if (resumed_ && page_.size() == 0) {
      const auto looked = co_await look_what_is_stored();
      if (!looked) co_return looked;
    }
    const auto filled = co_await fill_chunk();
    if (!filled) co_return filled;
    const auto held = co_await lease_.hold();
    if (!held) co_return held;
    at_end = filled_bytes_ < chunk_.size();
    const auto sent = co_await send_chunk();
    if (!sent) co_return sent;
  }
  if (unlisted_ > 0 || (resumed_ && page_.size() > 0)) {
    Pipeline last;
    add_checksums(last);
    const auto sent = co_await send(std::move(last));
    if (!sent) co_return sent;
  }
  const auto finished = co_await stream_.finish();
  if (!finished) co_return connection_error(finished.error());
  if (failure_) co_return *failure_;
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileUpload::fill_chunk() {
  filled_bytes_ = 0;
  while (filled_bytes_ < chunk_.size()) {
    const auto got = co_await source_.read(std::span(chunk_).subspan(filled_bytes_));
    if (!got) co_return got.error();
    if (*got == 0) break;
    filled_bytes_ += *got;
  }
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileUpload::send_chunk() {
  if (filled_bytes_ == 0) co_return FileResult<void>();
  const std::string_view bytes = std::string_view(chunk_).substr(0, filled_bytes_);
  const std::string checksum = file_checksum(bytes);
  whole_.add(bytes);
  size_bytes_ += bytes.size();

  Pipeline batch;
  if (!is_stored(checksum)) {
    forget_checksum_of_former(checksum, batch);
    const std::string key = file_keys::chunk(generation_, chunks_);
    const std::array<std::string_view, 3> words{"SET", key, bytes};
    batch.add(words);
    ++unlisted_;
  }
  page_.add(checksum);
  ++chunks_;
  const bool page_is_full = page_.size() == ChecksumsPage::chunks;
  if (unlisted_ >= listed_at_once || page_is_full) add_checksums(batch);
  if (page_is_full) page_ = ChecksumsPage();
  co_return co_await send(std::move(batch));
}

/// Whoever resumes this upload later must not take the chunk for the one that was there before.
void FileUpload::forget_checksum_of_former(std::string_view checksum, Pipeline& to) {
  const std::string_view former = stored_.checksums[page_.size()];
  if (former.empty() || former == checksum) return;
  to.add("SET", file_keys::checksums(generation_, chunks_ / ChecksumsPage::chunks),
         page_.encoded());
  unlisted_ = 0;
}

void FileUpload::add_checksums(Pipeline& to) {
  const std::uint64_t page = (chunks_ - 1) / ChecksumsPage::chunks;
  to.add("SET", file_keys::checksums(generation_, page), page_.encoded());
  unlisted_ = 0;
}

asio::awaitable<FileResult<void>> FileUpload::send(Pipeline batch) {
  const auto sent = co_await stream_.send(std::move(batch));
  if (!sent) co_return connection_error(sent.error());
  if (failure_) co_return *failure_;
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> FileUpload::look_what_is_stored() {
  Pipeline commands;
  commands.add("GET", file_keys::checksums(generation_, chunks_ / ChecksumsPage::chunks));
  for (std::uint64_t at = 0; at < ChecksumsPage::chunks; ++at)
    commands.add("STRLEN", file_keys::chunk(generation_, chunks_ + at));
  const auto replies = co_await ask(client_, std::move(commands));
  if (!replies) co_return replies.error();
  stored_.checksums = ChecksumsPage::parse(value_of(replies->front()));
  stored_.lengths.clear();
  for (std::size_t at = 1; at < replies->size(); ++at)
    stored_.lengths.push_back((*replies)[at].integer());
  co_return FileResult<void>();
}

bool FileUpload::is_stored(std::string_view checksum) const {
  const std::uint64_t index = page_.size();
  return resumed_ && stored_.checksums[index] == checksum &&
         stored_.lengths[index] == static_cast<std::int64_t>(filled_bytes_);
}

}  // namespace pkv
