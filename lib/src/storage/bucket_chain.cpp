#include "storage/bucket_chain.hpp"

namespace pkv {

void BucketChain::remove(Place place) {
  Bucket* before = nullptr;
  Bucket* last = head_;
  while (last->chained()) {
    before = last;
    last = last->next();
  }
  const unsigned moved = last->count() - 1;
  place.bucket->replace(place.index, last->tag(moved), last->record(moved));
  last->pop();
  if (last->count() == 0 && before != nullptr) {
    before->unchain();
    pool_->release(last);
  }
}

/// Chains a full bucket to a new one; its seventh entry makes room for the address and goes there.
Bucket* BucketChain::extend(Bucket& full) {
  Bucket* added = pool_->take();
  added->push(full.tag(Bucket::capacity - 1), full.record(Bucket::capacity - 1));
  full.pop();
  full.chain_to(added);
  return added;
}

}  // namespace pkv
