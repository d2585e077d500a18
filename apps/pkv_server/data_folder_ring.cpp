#include "pkv_server/data_folder.hpp"

#include <algorithm>
#include <exception>
#include <utility>

// What the folder is told of changes of the ring.

namespace pkv::server {

void DataFolder::note(const RingNote& ring) {
  DataLayout next = layout_;
  next.leftovers = ring.stage != RingNote::Stage::clean;
  if (ring.stage == RingNote::Stage::changed) {
    next.spread.put_on_ring(ring.nodes);
    // What the nodes were filled with is beyond that place, and their files might not say so.
    next.settled_until = std::max(next.settled_until, ring.settled_until);
    next.lost.clear();
    next.damaged.clear();
  }
  write_layout(options_.data_folder, next);
  layout_ = std::move(next);
}

bool DataFolder::is_as_noted() const try {
  const std::optional<DataLayout> found = read_layout(options_.data_folder);
  return found && found->spread == layout_.spread && found->leftovers == layout_.leftovers;
} catch (const std::exception&) {
  return false;
}

}  // namespace pkv::server
