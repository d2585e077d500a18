#pragma once

#include "pkv/file_stream.hpp"

#include "blocking_work.hpp"
#include "progress.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pkv::cli {

/// A file of this machine, or standard input, to be stored.
///
/// What is read of a file is as long as the file was when it was opened: what is added meanwhile is
/// left out, and if it gets shorter, that is an error. One that loses its name stays readable.
///
/// Errors: the constructor throws std::runtime_error, in words for the user.
class LocalSource final : public FileSource {
 public:
  /// `path` may be - for standard input.
  LocalSource(boost::asio::any_io_executor executor, const std::string& path,
              const std::string& name);
  ~LocalSource() override;

  boost::asio::awaitable<FileResult<std::size_t>> read(std::span<char> room) override;

  /// When the file was changed, if it is one.
  [[nodiscard]] std::optional<std::int64_t> modified_ns() const noexcept { return modified_ns_; }

 private:
  std::string path_;
  int descriptor_;
  std::optional<std::uint64_t> size_bytes_;  // of a regular file that has one
  std::optional<std::int64_t> modified_ns_;
  std::uint64_t read_bytes_ = 0;
  std::optional<Progress> progress_;
  BlockingWork work_;
};

}  // namespace pkv::cli
