#include "pkv/file_stream.hpp"

#include <algorithm>
#include <cstring>

namespace pkv {

boost::asio::awaitable<FileResult<std::size_t>> StringSource::read(std::span<char> room) {
  const std::size_t bytes = std::min(room.size(), rest_.size());
  if (bytes > 0) std::memcpy(room.data(), rest_.data(), bytes);
  rest_.remove_prefix(bytes);
  co_return bytes;
}

FileResult<void> StringSink::start(const FileInfo&, std::uint64_t) {
  bytes_.clear();
  return {};
}

boost::asio::awaitable<FileResult<void>> StringSink::write(std::string bytes) {
  bytes_ += bytes;
  co_return FileResult<void>();
}

}  // namespace pkv
