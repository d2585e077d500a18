#pragma once

#include "pkv/client.hpp"
#include "pkv/command_stream.hpp"
#include "pkv/file_client.hpp"

#include "net/client/file_checksum.hpp"
#include "net/client/file_checksums_page.hpp"
#include "net/client/file_lease.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

/// Sends the chunks of one file and their checksums, as many under way at once as the options
/// allow.
///
/// Thread safety: none; lives on the client's executor.
/// Lifetime: client, lease and source must outlive it.
class FileUpload {
 public:
  /// `resumed`: chunks of the generation may be there already.
  FileUpload(Client& client, const FileClientOptions& options, FileLease& lease, FileSource& source,
             bool resumed);

  /// Returns when all is stored.
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> run();

  /// What run() has found out.
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::uint64_t chunks() const noexcept { return chunks_; }
  [[nodiscard]] std::string checksum() const { return to_hex(whole_.result()); }

 private:
  /// What an interrupted upload has left of the page that is being sent.
  struct Stored {
    ChecksumsPage checksums;
    std::vector<std::int64_t> lengths;  // of the chunks; 0: not there
  };

  [[nodiscard]] boost::asio::awaitable<FileResult<void>> fill_chunk();
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> send_chunk();
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> send(Pipeline batch);
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> look_what_is_stored();
  [[nodiscard]] bool is_stored(std::string_view checksum) const;
  void forget_checksum_of_former(std::string_view checksum, Pipeline& to);
  void add_checksums(Pipeline& to);
  void judge(std::span<const Reply> replies);

  Client& client_;
  FileLease& lease_;
  FileSource& source_;
  std::string generation_;
  bool resumed_;
  CommandStream stream_;
  std::optional<FileError> failure_;  // the first among the replies
  std::string chunk_;
  std::size_t filled_bytes_ = 0;
  FileChecksum whole_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t chunks_ = 0;
  ChecksumsPage page_;
  std::uint64_t unlisted_ = 0;  // chunks sent whose checksums are not
  Stored stored_;
};

}  // namespace pkv
