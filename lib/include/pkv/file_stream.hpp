#pragma once

#include "pkv/file_error.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pkv {

/// What the store knows of a file.
struct FileInfo {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::uint64_t chunk_bytes = 0;  ///< Of every chunk but the last.
  std::string content_type;
  /// Nanoseconds since 1970-01-01 00:00 UTC, as given when it was stored.
  std::int64_t modified_ns = 0;
  /// XXH3, 128 bits, seed 0, of the whole content; 32 hexadecimal digits.
  std::string checksum;
  /// What the chunks are stored under; another one whenever the file is replaced. 32 digits.
  std::string generation;
};

/// Where the content of a file comes from: one pass from its beginning to its end.
///
/// Thread safety: called on the client's executor, one call at a time. A source that blocks should
/// do so on another thread, since the connection needs the executor to be free.
class FileSource {
 public:
  FileSource() = default;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  virtual ~FileSource() = default;

  /// Fills some of the room, which is not empty, and says how much; 0 is the end.
  /// An error (FileFault::local) ends the upload, of which nothing stays.
  [[nodiscard]] virtual boost::asio::awaitable<FileResult<std::size_t>> read(
      std::span<char> room) = 0;
};

/// Where the content of a file goes.
///
/// Thread safety: as FileSource.
class FileSink {
 public:
  FileSink() = default;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  virtual ~FileSink() = default;

  /// `bytes` of the file will follow. Called again, to begin from nothing, if the file was replaced
  /// while it was read; a sink that cannot take back what it got returns FileFault::replaced then.
  [[nodiscard]] virtual FileResult<void> start(const FileInfo& file, std::uint64_t bytes) = 0;

  /// The next bytes, which have been checked. An error ends the download.
  [[nodiscard]] virtual boost::asio::awaitable<FileResult<void>> write(std::string bytes) = 0;
};

/// Content in memory, as a source. Lifetime: the bytes must outlive it.
class StringSource final : public FileSource {
 public:
  explicit StringSource(std::string_view bytes) : rest_(bytes) {}

  boost::asio::awaitable<FileResult<std::size_t>> read(std::span<char> room) override;

 private:
  std::string_view rest_;
};

/// Collects the content in memory.
class StringSink final : public FileSink {
 public:
  FileResult<void> start(const FileInfo& file, std::uint64_t bytes) override;
  boost::asio::awaitable<FileResult<void>> write(std::string bytes) override;

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace pkv
