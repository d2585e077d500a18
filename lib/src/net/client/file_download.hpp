#pragma once

#include "pkv/client.hpp"
#include "pkv/command_stream.hpp"
#include "pkv/file_client.hpp"

#include "net/client/file_checksum.hpp"
#include "net/client/file_checksums_page.hpp"
#include "net/client/file_copies.hpp"
#include "net/client/file_manifest.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace pkv {

/// Which copies of a file's chunks are read: one of each, or all that there are (replicas).
enum class CopiesRead { one, all };

/// Fetches the chunks of one generation of a file, as many under way at once as the options allow,
/// checks them and hands them to a sink in order. What is damaged on some nodes is repaired with
/// what others have.
///
/// Thread safety: none; lives on the client's executor.
/// Lifetime: client and sink must outlive it.
/// Errors: FileFault::damaged also if the file has been replaced; only its manifest tells.
class FileDownload {
 public:
  /// Requires: the range lies within the file.
  FileDownload(Client& client, const FileClientOptions& options, FileManifest manifest,
               FileSink& sink, FileRange range, CopiesRead copies = CopiesRead::one);

  [[nodiscard]] boost::asio::awaitable<FileResult<void>> run();

 private:
  /// A chunk that was asked for.
  struct Expected {
    std::uint64_t number;
    std::string checksum;
  };

  [[nodiscard]] boost::asio::awaitable<FileResult<void>> load_checksums(std::uint64_t chunk);
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> request(std::uint64_t chunk);
  /// Hands over what has come.
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> deliver();
  /// The chunk, once it is known to be what was stored.
  [[nodiscard]] boost::asio::awaitable<FileResult<std::string>> sound_chunk(Expected expected,
                                                                            Reply reply);
  /// What is stored under the key after a repair, if any node has a sound copy.
  [[nodiscard]] boost::asio::awaitable<FileResult<std::string>> repaired(std::string key,
                                                                         FileCopies copies,
                                                                         FileError damage);
  /// Leaves the part of a chunk that lies in the range.
  void cut_to_range(std::uint64_t chunk, std::string& bytes) const;
  [[nodiscard]] FileError damaged(std::uint64_t chunk, std::string_view what) const;

  Client& client_;
  FileManifest manifest_;
  FileSink& sink_;
  FileRange range_;
  CopiesRead copies_;
  decltype(FileClientOptions::on_repair) on_repair_;
  CommandStream stream_;
  std::deque<Reply> arrived_;
  std::deque<Expected> expected_;
  ChecksumsPage page_;
  FileChecksum whole_;
};

}  // namespace pkv
