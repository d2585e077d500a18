#include "mpi/request_pool.hpp"

#include "mpi/error.hpp"
#include "wire/tags.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pkv::mpi {
namespace {

/// Lets MPI look at its connections when there is nothing to test: one that was lost would else be
/// noticed with the next message only, and keep a sleeper awake until then.
void make_progress() {
  int found = 0;
  check(MPI_Iprobe(0, wire::body_tag(wire::most_slots - 1), MPI_COMM_WORLD, &found,
                   MPI_STATUS_IGNORE),
        "MPI_Iprobe");
}

}  // namespace

RequestPool::~RequestPool() {
  if (empty()) return;
  // The leak is deliberate, see the class comment.
  [[maybe_unused]] const auto* abandoned = new std::vector<Message>(std::move(messages_));
}

void RequestPool::send(Message&& message, Part part, int tag) {
  const std::string_view bytes = sent_bytes(message);
  assert(part.offset + part.size <= bytes.size());
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Isend(bytes.data() + part.offset, static_cast<int>(part.size), MPI_BYTE, message.peer,
                  tag, MPI_COMM_WORLD, &request),
        "MPI_Isend");
  start(request, std::move(message));
}

void RequestPool::receive(Message&& message, Part part, int tag) {
  assert(part.offset + part.size <= message.bytes.size());
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Irecv(message.bytes.data() + part.offset, static_cast<int>(part.size), MPI_BYTE,
                  message.peer, tag, MPI_COMM_WORLD, &request),
        "MPI_Irecv");
  start(request, std::move(message));
}

void RequestPool::start(MPI_Request request, Message&& message) {
  requests_.push_back(request);
  messages_.push_back(std::move(message));
}

void RequestPool::poll(std::vector<Finished>& finished) {
  abandoned_.poll();
  if (empty()) return make_progress();
  indices_.resize(requests_.size());
  statuses_.resize(requests_.size());
  int count = 0;
  const int code = MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count,
                                indices_.data(), statuses_.data());
  int error_class = MPI_SUCCESS;
  if (code != MPI_SUCCESS) MPI_Error_class(code, &error_class);
  const bool look_into_statuses = error_class == MPI_ERR_IN_STATUS;
  if (!look_into_statuses) check(code, "MPI_Testsome");

  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    int bytes = 0;
    check(MPI_Get_count(&statuses_[at], MPI_BYTE, &bytes), "MPI_Get_count");
    finished.push_back({std::move(messages_[static_cast<std::size_t>(indices_[at])]),
                        look_into_statuses ? statuses_[at].MPI_ERROR : MPI_SUCCESS,
                        static_cast<std::size_t>(bytes)});
  }
  if (count > 0) drop_finished(count);
}

void RequestPool::drop_finished(int count) {
  // From the back, so that what fills a gap is itself still wanted.
  std::sort(indices_.begin(), indices_.begin() + count, std::greater<>());
  for (int i = 0; i < count; ++i) {
    remove(static_cast<std::size_t>(indices_[static_cast<std::size_t>(i)]));
  }
}

void RequestPool::remove(std::size_t at) {
  if (at + 1 != requests_.size()) {
    requests_[at] = requests_.back();
    messages_[at] = std::move(messages_.back());
  }
  requests_.pop_back();
  messages_.pop_back();
}

}  // namespace pkv::mpi
