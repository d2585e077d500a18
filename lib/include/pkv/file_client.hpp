#pragma once

#include "pkv/client.hpp"
#include "pkv/file_error.hpp"
#include "pkv/file_stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pkv {

struct FileClientOptions {
  /// Bytes of a chunk of the files to be stored, 1 to 64 MiB. Others' commands wait for what is
  /// done with one: with chunks of 1 MiB their 99th percentile is half as long again as with 512
  /// KiB.
  std::size_t chunk_bytes = std::size_t{512} << 10;
  /// Bytes of chunks on their way at once, in either direction, but one chunk at least. A call
  /// needs a few times as much memory. None: 4 MiB, or 512 KiB if the server is on this machine:
  /// there is no network to be filled there, and more takes the processors from others.
  std::optional<std::size_t> bytes_in_flight;
  /// How often an upload shows that it is alive, whether it gets on or not.
  std::chrono::milliseconds sign_of_life{1'000};
  /// How long an upload must have shown none to be resumed or cleaned away by somebody else. At
  /// least twice the sign_of_life of whoever may be uploading.
  std::chrono::milliseconds silence{5'000};
  /// Told of damage that get() or verify() has found on some nodes and repaired with what others
  /// have: the file's name, and the words and the offset that FileFault::damaged would have.
  std::function<void(const std::string& name, const FileError& damage)> on_repair;
};

struct PutOptions {
  PutOptions() noexcept {}  // so that GCC 12 destroys a default argument beside co_await only once

  /// Any text of up to 255 bytes without line ends; empty: application/octet-stream.
  std::string content_type;
  /// Nanoseconds since 1970; none: now.
  std::optional<std::int64_t> modified_ns;
  /// Go on with an upload of that name that was interrupted, if there is one: chunks that are there
  /// and have the source's checksum are not sent again. The source begins at the beginning anyway.
  bool resume = false;
};

/// Which bytes of a file: `bytes` from `offset` on, or as many as there are.
struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = UINT64_MAX;
};

/// Files as values: of any size, stored in chunks over all nodes, by plain commands.
///
///     pkv::FileClient files(client);
///     pkv::StringSource hello("hello");
///     const auto stored = co_await files.put("greeting.txt", hello);
///     pkv::StringSink sink;
///     const auto read = co_await files.get("greeting.txt", sink);
///
/// The key NAME holds a manifest, a short text. The chunks are written first, under keys that begin
/// with "pkv:file:", the manifest last and with one command. So readers see the old file or the new
/// one, never a mixture, and when two clients put one name at once, the last to finish wins and
/// removes what the other has stored. What an interrupted upload has left is in nobody's way until
/// it is resumed or collect_garbage() removes it. The private headers
/// file_manifest.hpp, file_index.hpp and file_checksums_page.hpp describe the formats.
///
/// Limits: sizes below 2^63 bytes; the manifest has the same few hundred bytes whatever the size,
/// since checksums (16 bytes per chunk) are in keys of their own, 1024 chunks in each. Names are
/// keys: any bytes, not empty, at most as long as the server takes keys (64 KiB).
///
/// Thread safety: none; as the client. Several calls may be under way at once.
/// Lifetime: `client` must outlive it and all calls; a source or sink, the call it is given to.
/// Errors: see FileFault. A put that fails leaves the old file and, unless the connection is lost,
/// no chunks.
class FileClient {
 public:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;

  explicit FileClient(Client& client, FileClientOptions options = {})
      : client_(client), options_(options) {}

  /// Stores what the source gives, in place of the file of that name if there is one. Refuses to
  /// replace a key that holds anything else.
  [[nodiscard]] awaitable<FileResult<FileInfo>> put(std::string name, FileSource& source,
                                                    PutOptions options = {});

  /// Gives the content, or a range of it, to the sink, each chunk after its checksum was compared;
  /// for a whole file, the checksum of the whole too. A chunk that is damaged on one node is taken
  /// from another one, if the server keeps replicas, and repaired. If the file is replaced
  /// meanwhile, begins again with the new one (FileSink::start), up to ten times.
  [[nodiscard]] awaitable<FileResult<FileInfo>> get(std::string name, FileSink& sink,
                                                    FileRange range = {});

  [[nodiscard]] awaitable<FileResult<FileInfo>> stat(std::string name);

  /// The files whose names begin with `prefix`, in the order of their names' bytes. Takes time in
  /// proportion to all files there are.
  [[nodiscard]] awaitable<FileResult<std::vector<FileInfo>>> list(std::string prefix);

  /// Removes a file; readers see it wholly or not at all.
  [[nodiscard]] awaitable<FileResult<void>> remove(std::string name);

  /// Reads all of a file, each replica of it, and compares the checksums. Repairs what it can;
  /// FileFault::damaged tells the first chunk of which no node has a sound copy.
  [[nodiscard]] awaitable<FileResult<FileInfo>> verify(std::string name);

  /// What collect_garbage has done.
  struct Garbage {
    std::size_t uploads = 0;  ///< Interrupted uploads and replaced files whose chunks are gone now.
    std::uint64_t chunks = 0;
    std::size_t alive = 0;  ///< Uploads left alone, since they are going on.
  };

  /// Removes what interrupted uploads and removals have left. Waits options.silence if there is
  /// anything that may be an upload going on.
  [[nodiscard]] awaitable<FileResult<Garbage>> collect_garbage();

 private:
  Client& client_;
  FileClientOptions options_;
};

}  // namespace pkv
