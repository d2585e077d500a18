#include "coordinator/output_queue.hpp"

#include <algorithm>
#include <utility>

namespace pkv {
namespace {

// From here on a reference is cheaper than a copy: it costs a block and an element of the gathered
// write, and keeps the whole frame in memory until it is written.
constexpr std::size_t least_shared_bytes = std::size_t{16} << 10;
// What an idle client keeps.
constexpr std::size_t most_idle_bytes = std::size_t{16} << 10;

}  // namespace

void OutputQueue::append(std::string_view bytes, const SharedFrame& frame) {
  if (bytes.size() < least_shared_bytes) {
    append(bytes);
    return;
  }
  if (!tail_.empty()) seal_tail();
  Block& block = blocks_.emplace_back();
  block.frame = frame;
  block.bytes = bytes;
  block_bytes_ += bytes.size();
}

void OutputQueue::seal_tail() {
  Block& block = blocks_.emplace_back();
  block.owned = std::move(tail_);
  block.bytes = block.owned.view();
  block_bytes_ += block.bytes.size();
  tail_ = ByteBuffer();
}

std::size_t OutputQueue::gather(std::span<std::string_view> views) const noexcept {
  std::size_t count = 0;
  std::size_t skip = consumed_;
  for (const Block& block : blocks_) {
    if (count == views.size()) return count;
    views[count++] = block.bytes.substr(std::exchange(skip, 0));
  }
  if (count < views.size() && tail_.size() > skip) views[count++] = tail_.view().substr(skip);
  return count;
}

void OutputQueue::consume(std::size_t bytes) {
  consumed_ += bytes;
  while (!blocks_.empty() && consumed_ >= blocks_.front().bytes.size()) {
    consumed_ -= blocks_.front().bytes.size();
    block_bytes_ -= blocks_.front().bytes.size();
    blocks_.pop_front();
  }
  if (!empty()) return;
  consumed_ = 0;
  if (tail_.capacity() > most_idle_bytes)
    tail_ = ByteBuffer();
  else
    tail_.clear();
}

void OutputQueue::clear() {
  blocks_.clear();
  tail_ = ByteBuffer();
  block_bytes_ = 0;
  consumed_ = 0;
}

}  // namespace pkv
