#include "storage/bucket_pool.hpp"

#include "storage/pages.hpp"

#include <cassert>
#include <new>
#include <utility>

namespace pkv {
namespace {

constexpr std::size_t block_bytes = page_chunk_bytes;
constexpr std::size_t buckets_per_block = block_bytes / sizeof(Bucket);

}  // namespace

Bucket* BucketPool::take() noexcept {
  assert(free_count_ + uncut_count_ != 0);
  void* place = nullptr;
  if (free_ != nullptr) {
    place = std::exchange(free_, free_->next);
    --free_count_;
  } else {
    place = uncut_++;
    --uncut_count_;
  }
  return new (place) Bucket{};
}

void BucketPool::release(Bucket* bucket) noexcept {
  free_ = new (static_cast<void*>(bucket)) FreeBucket{free_};
  ++free_count_;
}

bool BucketPool::add_block() noexcept {
  void* memory = map_pages(block_bytes);
  if (memory == nullptr) return false;
  for (; uncut_count_ != 0; --uncut_count_)
    release(uncut_++);
  blocks_ = new (memory) Block{blocks_};
  ++block_count_;
  uncut_ = static_cast<Bucket*>(memory) + 1;
  uncut_count_ = buckets_per_block - 1;
  return true;
}

void BucketPool::clear() noexcept {
  while (blocks_ != nullptr)
    unmap_pages(std::exchange(blocks_, blocks_->next), block_bytes);
  block_count_ = 0;
  uncut_ = nullptr;
  uncut_count_ = 0;
  free_ = nullptr;
  free_count_ = 0;
}

std::size_t BucketPool::bytes() const noexcept {
  return (block_count_ * buckets_per_block - uncut_count_) * sizeof(Bucket);
}

}  // namespace pkv
