#include "storage/bucket_array.hpp"

#include <new>

namespace pkv {

BucketArray::BucketArray() {
  segments_[0] = static_cast<Bucket*>(map_pages(bytes_of(0)));
  if (segments_[0] == nullptr) throw std::bad_alloc();
}

BucketArray::~BucketArray() {
  for (unsigned segment = 0; segment < segment_count; ++segment) {
    if (segments_[segment] != nullptr) unmap_pages(segments_[segment], bytes_of(segment));
  }
}

bool BucketArray::push_back() noexcept {
  const unsigned segment = segment_of(size_);
  if (segment >= segment_count) return false;
  if (segments_[segment] == nullptr) {
    segments_[segment] = static_cast<Bucket*>(map_pages(bytes_of(segment)));
    if (segments_[segment] == nullptr) return false;
  }
  ++size_;
  return true;
}

void BucketArray::pop_back() noexcept {
  assert(size_ > smallest_size);
  Bucket& last = (*this)[size_ - 1];
  assert(last.count() == 0 && !last.chained());
  last = Bucket{};  // as push_back will hand it out again
  --size_;
  if (size_ % chunk_buckets != 0) return;

  const unsigned segment = segment_of(size_);
  if (size_ == first_of(segment)) {
    unmap_pages(segments_[segment], bytes_of(segment));
    segments_[segment] = nullptr;
  } else {
    drop_pages(&segments_[segment][size_ - first_of(segment)], page_chunk_bytes);
  }
}

void BucketArray::clear() noexcept {
  for (unsigned segment = 1; segment < segment_count; ++segment) {
    if (segments_[segment] == nullptr) continue;
    unmap_pages(segments_[segment], bytes_of(segment));
    segments_[segment] = nullptr;
  }
  drop_pages(segments_[0], bytes_of(0));
  size_ = smallest_size;
}

}  // namespace pkv
