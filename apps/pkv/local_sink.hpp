#pragma once

#include "pkv/file_stream.hpp"

#include "progress.hpp"
#include "unfinished_file.hpp"
#include "write_behind.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pkv::cli {

/// Where a file from the store is written: a file of this machine, standard output, or a device or
/// pipe.
///
/// A file gets its name in the end (finish), so that nobody sees half of it and a failure leaves
/// what was there. Blocks of zeros become holes.
///
/// Errors: the constructor throws std::runtime_error, in words for the user.
class LocalSink final : public FileSink {
 public:
  /// `path` may be - for standard output. Fails if there is a file and `replace` is false.
  LocalSink(boost::asio::any_io_executor executor, const std::string& path, bool replace,
            const std::string& name);
  /// Removes what is not finished.
  ~LocalSink() override;

  FileResult<void> start(const FileInfo& file, std::uint64_t bytes) override;
  boost::asio::awaitable<FileResult<void>> write(std::string bytes) override;

  /// Sees to it that all is written, and gives the file its name. Its time is that of the stored
  /// file.
  [[nodiscard]] FileResult<void> finish(const FileInfo& file);

  /// Nobody reads any more what is written.
  [[nodiscard]] bool reader_has_left() const noexcept { return reader_has_left_; }

 private:
  [[nodiscard]] int write_all(std::string_view bytes);
  [[nodiscard]] int write_with_holes(std::string_view bytes);
  [[nodiscard]] FileError failure(int error);

  std::string path_;
  bool replace_;
  int descriptor_;
  std::optional<UnfinishedFile> file_;  // none: written directly
  std::uint64_t taken_bytes_ = 0;
  bool reader_has_left_ = false;
  Progress progress_;
  WriteBehind writing_;  // last: it uses the others
};

}  // namespace pkv::cli
