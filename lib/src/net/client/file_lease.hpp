#pragma once

#include "pkv/client.hpp"
#include "pkv/file_client.hpp"

#include "net/client/file_index.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace pkv {

/// An upload's claim on its entry of the index, and its signs of life: the entry is rewritten every
/// options.sign_of_life, in the background, so that nobody takes an upload for dead whose source is
/// slow.
///
/// Thread safety: none; lives on the client's executor.
/// Lifetime: `client` must outlive it. Its destructor ends the background coroutine, which does not
/// touch the client any more then.
class FileLease {
 public:
  FileLease(boost::asio::any_io_executor executor, Client& client, FileEntry entry,
            const FileClientOptions& options);
  FileLease(const FileLease&) = delete;
  FileLease& operator=(const FileLease&) = delete;
  ~FileLease();

  [[nodiscard]] const FileEntry& entry() const noexcept;

  /// Returns at once while the last sign of life is young enough that nobody can have taken the
  /// upload over; else shows one and waits for the answer. Fails with FileFault::lost_upload.
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> hold();

  /// Shows a sign of life and waits for the answer.
  [[nodiscard]] boost::asio::awaitable<FileResult<void>> confirm();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pkv
