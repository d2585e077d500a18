#include "mpi/abandoned_requests.hpp"

#include "mpi/error.hpp"

#include <algorithm>
#include <functional>
#include <new>
#include <utility>

namespace pkv::mpi {
namespace {

/// Leaks the memory. The destructor never runs: only the object moves, to where nobody looks.
template <class Memory>
void forget(Memory& memory) noexcept {
  alignas(Memory) std::byte nowhere[sizeof(Memory)];
  ::new (nowhere) Memory(std::move(memory));
}

}  // namespace

AbandonedRequests::~AbandonedRequests() {
  give_up(requests_.size());
}

void AbandonedRequests::add(MPI_Request request, Message message) {
  const bool receives = !is_send(message.role);
  requests_.push_back(request);
  entries_.push_back({std::move(message), Clock::now()});
  if (receives) check(MPI_Cancel(&requests_.back()), "MPI_Cancel");
}

void AbandonedRequests::poll() {
  if (empty()) return;
  indices_.resize(requests_.size());
  int count = 0;
  // How they ended is of no interest any more.
  const int code = MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count,
                                indices_.data(), MPI_STATUSES_IGNORE);
  int error_class = MPI_SUCCESS;
  if (code != MPI_SUCCESS) MPI_Error_class(code, &error_class);
  if (error_class != MPI_ERR_IN_STATUS) check(code, "MPI_Testsome");
  if (count > 0) drop_ended(count);

  const Clock::time_point too_old = Clock::now() - patience;
  const auto still_young = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.since > too_old; });
  give_up(static_cast<std::size_t>(still_young - entries_.begin()));
}

void AbandonedRequests::drop_ended(int count) {
  std::sort(indices_.begin(), indices_.begin() + count, std::greater<>());
  for (int i = 0; i < count; ++i) {
    const int at = indices_[static_cast<std::size_t>(i)];
    requests_.erase(requests_.begin() + at);
    entries_.erase(entries_.begin() + at);
  }
}

void AbandonedRequests::give_up(std::size_t count) noexcept {
  const auto end = static_cast<std::ptrdiff_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    forget(entries_[i].message.bytes);
    forget(entries_[i].message.tail);
  }
  requests_.erase(requests_.begin(), requests_.begin() + end);
  entries_.erase(entries_.begin(), entries_.begin() + end);
  given_up_ += count;
}

}  // namespace pkv::mpi
